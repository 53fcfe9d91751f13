"""``python -m datanectar``."""

from datanectar.cli import main

if __name__ == "__main__":
    main()
