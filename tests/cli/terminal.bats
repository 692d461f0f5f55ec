#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-or-later
# terminal.bats - terminals: size, raw mode, detaching, signals; by terminal.py on a pty, and by tmux

load helper

term()
{
	timeout 600 python3 "$BATS_TEST_DIRNAME/terminal.py" "$1" 3>&- 2>&1
}

@test "stdin, stdout and stderr are a terminal, and TERM is set" { term is-a-terminal; }
@test "the size is there before the command runs" { term size-before-exec; }
@test "a resize arrives, and the status comes back" { term resize; }
@test "raw mode while attached and restored at the end" { term raw-restored-at-exit; }
@test "raw mode is restored when a signal ends the client" { term raw-restored-after-signal; }
@test "raw mode is restored when the container is killed" { term raw-restored-when-killed-elsewhere; }
@test "ctrl-p ctrl-q detaches, attach comes back" { term detach; }
@test "other detach keys" { term detach-keys-other; }
@test "a prefix of the detach keys reaches the command" { term detach-prefix-passes; }
@test "^C is for the command" { term control-c; }
@test "^D ends the shell" { term end-of-input; }
@test "job control works" { term job-control; }
@test "exec -it: size, resize, status" { term exec-size-and-status; }
@test "exec -it can be detached" { term exec-detach; }
@test "much output arrives whole" { term much-output; }
@test "long lines typed at once arrive whole" { term slow-reader-and-paste; }
@test "a terminal that hangs up ends the client" { term hang-up; }

@test "-t without a terminal says so and goes on, or works with -i on a pipe" {
	run --separate-stderr c run --rm -t busybox echo on a pty </dev/null
	[ "$status" = 0 ]
	has '^on a pty.?$'
}

on_screen()
{
	"${tmux[@]}" capture-pane -p | grep -q -- "$1"
}

no_session()
{
	! "${tmux[@]}" has-session
}

@test "in tmux: a full screen program, resized" {
	need tmux
	tmux=(tmux -L "coracle$$" -f /dev/null)
	"${tmux[@]}" new-session -d -x 100 -y 30 "$CORACLE run -it --rm --name scr busybox sh" 3>&-
	soon 10 on_screen '#'
	"${tmux[@]}" send-keys 'seq 100 >/l; less /l' Enter
	soon 10 on_screen '^29$'
	"${tmux[@]}" resize-window -x 60 -y 12
	"${tmux[@]}" send-keys q
	# tmux itself puts a new size off for a moment
	"${tmux[@]}" send-keys 'until [ "$(stty size)" = "12 60" ]; do sleep 0.1; done; clear; stty size' Enter
	soon 10 on_screen '^12 60$'
	"${tmux[@]}" send-keys 'exit' Enter
	soon 10 no_session
	runs ps -aq
	is ""
}
