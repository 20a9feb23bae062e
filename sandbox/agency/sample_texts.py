"""Job titles, skills, tags, schools and notes of the generated records."""

from __future__ import annotations

JOB_TITLES = (
    "Software Engineer",
    "Senior Backend Engineer",
    "Data Analyst",
    "Chief Financial Officer",
    "Product Manager",
    "Head of People",
    "Site Reliability Engineer",
    "Registered Nurse",
    "Supply Chain Planner",
    "Account Executive",
    "Bauleiter (m/w/d)",
    "Ingénieur qualité",
    "General Counsel",
    "UX Researcher",
    "Controller",
    "Plant Manager",
    "Machine Learning Engineer",
    "Vice President, Sales",
    "Payroll Specialist",
    "Инженер-проектировщик",
    "営業部長",
)
TAGS = (
    "python",
    "kubernetes",
    "sap",
    "fintech",
    "b2b sales",
    "nursing",
    "lean",
    "gaap",
    "react",
    "логистика",
    "español",
)
SKILLS = (
    "Python",
    "SQL",
    "AWS",
    "Negotiation",
    "IFRS",
    "Lean Six Sigma",
    "Go",
    "Figma",
    "Stakeholder management",
    "日本語",
    "Budgeting",
    "Terraform",
    "Projektmanagement",
    "Gestion d'équipe",
    "Kubernetes",
    "Patient care",
    "SAP S/4HANA",
    "Cold calling",
    "Machine Learning",
    "Compliance",
    "Управління ризиками",
    "Procurement",
    "Salesforce",
    "AutoCAD",
    "Change management",
    "Data visualisation",
    "Public speaking",
    "Coaching",
    "Due diligence",
    "Auditoria",
)
SKILL_SETS = tuple(
    ", ".join(SKILLS[(start + step * 7) % len(SKILLS)] for step in range(10 + start % 16))
    for start in range(len(SKILLS))
)
TAG_SETS = tuple(
    ", ".join(TAGS[(start + step * 3) % len(TAGS)] for step in range(1 + start % 7)) for start in range(44)
)
SCHOOLS = (
    "University of Texas",
    "TU München",
    "Université de Lyon",
    "AGH Kraków",
    "Universidade de São Paulo",
    "東京大学",
    "Київський політехнічний інститут",
    "IIT Bombay",
)
PERSON_SUMMARY = (
    "Builds and leads teams of five to thirty people. Ran two migrations to the cloud and one merger; enjoys the "
    "quiet weeks too. Prefers products with paying customers. Speaks English and one more language well enough to "
    "joke in it. Open to relocation within a day's train ride."
)
NOTES = (
    "<p>Spoke for 20 minutes. Open to relocation, notice period three months.</p>",
    "<p>Left a voicemail; will try again on Thursday.</p>",
    "<div>Sehr überzeugend im Gespräch, Gehaltswunsch liegt über dem Budget.</div>",
    "<p>Client asked for two more profiles before deciding.</p>",
    "<p>面談済み。来週までに返事をもらう予定。</p>",
    "<p>Références vérifiées &amp; excellentes.</p>",
)
