"""`python -m tianbao`: the command line, and the way the server starts its own processes."""

from tianbao.cli import main

main()
