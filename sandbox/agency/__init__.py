"""The generated agency: its tables, the relations between them, and the writes that change them."""
