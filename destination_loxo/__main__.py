from destination_loxo.run import run

if __name__ == "__main__":
    run()
