"""The clipboard of a real X server, and that of a terminal (OSC 52) through a real tmux and a real GNU screen."""

import base64
import os
import subprocess

from screen import Screen
from support import HALLPASS, RealTest, wait_until

DISPLAY = ":97"


def clipboard():
    said = subprocess.run(["xclip", "-selection", "clipboard", "-o"], capture_output=True, text=True, env={**os.environ, "DISPLAY": DISPLAY})
    return said.stdout


def set_clipboard(text):
    subprocess.run(["xclip", "-selection", "clipboard", "-i"], input=text, text=True, check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL, env={**os.environ, "DISPLAY": DISPLAY})


class Tmux:
    """A tmux in the terminal's place: what runs in it does not know of it."""

    def __init__(self, home, **environment):
        self.name = f"hallpass-{home.path.name}"
        self.environment = {**home.environment, **environment}
        self.run("-f", "/dev/null", "new-session", "-d", "-x", "100", "-y", "30", "env", "-u", "TMUX", HALLPASS)

    def run(self, *arguments):
        return subprocess.run(["tmux", "-L", self.name, *arguments], check=True, capture_output=True, text=True, env=self.environment).stdout

    def screen(self):
        return self.run("capture-pane", "-p")

    def stop(self):
        subprocess.run(["tmux", "-L", self.name, "kill-server"], capture_output=True)


class Clipboard(RealTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.display = subprocess.Popen(["Xvfb", DISPLAY, "-nolisten", "tcp"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(lambda: os.path.exists(f"/tmp/.X11-unix/X{DISPLAY[1:]}"), "the display is up")

    @classmethod
    def tearDownClass(cls):
        cls.display.kill()
        cls.display.wait()
        super().tearDownClass()

    def ready(self, seconds=2, **environment):
        home = self.home(**environment)
        (home.path / "hallpass" / "settings.toml").write_text(f"clipboard_seconds = {seconds}\n")
        home.configure()
        self.assertEqual(self.connect(home).returncode, 0)
        return home

    def test_a_copy_is_there_and_after_the_time_it_is_gone(self):
        home = self.ready(DISPLAY=DISPLAY)
        token = home.token()
        said = home.run("token", "get", "rig", "--copy")
        self.assertEqual((said.returncode, said.stdout), (0, ""), said)
        self.assertIn("cleared in 2s", said.stderr)
        self.assertEqual(clipboard(), token)
        holders = subprocess.run(["pgrep", "-af", "clipboard-hold"], capture_output=True, text=True).stdout
        self.assertIn("clipboard-hold 2", holders)
        self.assertNotIn(token, holders)
        wait_until(lambda: clipboard() == "", "the clipboard is cleared")

    def test_what_another_program_put_there_meanwhile_stays(self):
        home = self.ready(DISPLAY=DISPLAY)
        home.ok("token", "get", "rig", "--copy")
        set_clipboard("mine")
        wait_until(lambda: not subprocess.run(["pgrep", "-f", "clipboard-hold"], capture_output=True).stdout, "the holder has ended")
        self.assertEqual(clipboard(), "mine")

    def test_y_copies_a_fresh_token_and_leaving_clears_it(self):
        home = self.ready(seconds=60, DISPLAY=DISPLAY)
        token = home.token()
        tmux = Tmux(home)
        self.addCleanup(tmux.stop)
        wait_until(lambda: "rig/jane" in tmux.screen(), "the list is shown")
        tmux.run("send-keys", "y")
        wait_until(lambda: "token copied" in tmux.screen(), "the copy is told")
        self.assertEqual(clipboard(), token)
        tmux.run("send-keys", "q")
        wait_until(lambda: clipboard() == "", "the clipboard is cleared")

    def test_over_ssh_the_token_goes_to_the_terminal(self):
        home = self.ready(SSH_CONNECTION="1 2 3 4", DISPLAY=DISPLAY)
        token = home.token()
        set_clipboard("the other machine's")
        tmux = Tmux(home)
        self.addCleanup(tmux.stop)
        tmux.run("set", "-s", "set-clipboard", "on")
        wait_until(lambda: "rig/jane" in tmux.screen(), "the list is shown")
        tmux.run("send-keys", "y")
        wait_until(lambda: "sent to your terminal" in tmux.screen(), "the copy is told as what it is")
        wait_until(lambda: tmux.run("show-buffer") == token, "the terminal has it")
        self.assertEqual(clipboard(), "the other machine's")

    def through(self, *command):
        home = self.ready(SSH_CONNECTION="1 2 3 4")
        outside = {name: value for name, value in home.environment.items() if name not in ("TMUX", "STY", "DISPLAY")}
        terminal = Screen({**outside, "TERM": "xterm-256color"}, rows=30, columns=100, command=[*command, HALLPASS])
        self.addCleanup(terminal.stop)
        terminal.wait_for(b"rig/jane")
        terminal.send(b"y")
        terminal.wait_for(base64.b64encode(home.token().encode()))

    def test_a_tmux_as_it_comes_passes_it_on_and_keeps_nothing(self):
        name = f"hallpass-outer-{os.getpid()}"
        self.addCleanup(subprocess.run, ["tmux", "-L", name, "kill-server"], capture_output=True)
        self.through("tmux", "-L", name, "-f", "/dev/null", "new-session")
        buffers = ["tmux", "-L", name, "list-buffers"]
        wait_until(lambda: not subprocess.run(buffers, capture_output=True, check=True).stdout, "no buffer is left")

    def test_a_gnu_screen_passes_it_on(self):
        name = f"hallpass-{os.getpid()}"
        self.addCleanup(subprocess.run, ["screen", "-S", name, "-X", "quit"], capture_output=True)
        self.through("screen", "-S", name, "-c", "/dev/null")
