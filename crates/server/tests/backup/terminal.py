"""Runs a command on a terminal of its own and answers its questions.

usage: terminal.py ANSWERS COMMAND [ARGUMENT...]

Each time the command waits behind a colon it is given the next line of the file ANSWERS; all but `yes` only once the
terminal shows nothing of what is typed. What the terminal showed goes to standard output; the exit code is the command's.
"""

import os
import pty
import sys
import termios

answers = open(sys.argv[1], encoding="utf-8").read().splitlines()
child, terminal = pty.fork()
if child == 0:
    os.execvp(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # the command has ended
        break
    if not piece:
        break
    shown += piece
    if shown.endswith(b": "):
        answer = answers.pop(0) if answers else ""
        # The question is there a moment before the echo is off. Nobody types that fast.
        while answer != "yes" and termios.tcgetattr(terminal)[3] & termios.ECHO:
            os.sched_yield()
        os.write(terminal, answer.encode() + b"\n")
        shown += b"\n"
sys.stdout.buffer.write(shown)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
