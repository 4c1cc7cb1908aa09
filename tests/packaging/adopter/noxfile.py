# /// script
# dependencies = ["nox", "headgate"]
# ///
from headgate.sessions import register

register("-r", "requirements.txt")
