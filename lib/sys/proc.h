/* SPDX-License-Identifier: MIT
 *
 * Processes: making, watching, waiting; their signals. A process that ended is
 * described by one number, Python's exit code: 0 to 255, or minus the signal.
 */
#pragma once

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lib/names.h"

/* sys_fork is fork with the C library's own preparations, so that the child
 * may use malloc and stdio whatever other threads held. */
int sys_fork(void);

/* sys_spawn starts a program by posix_spawn. In it standard input is empty, 1
 * and 2 are the caller's, fds[i] is 3 + i, and nothing else is open. Returns
 * the pid; -EMFILE if so many are not allowed. Its signal mask is the caller's,
 * unless one is given. */
int sys_spawn(const char *path, char *const argv[], const int *fds,
              size_t num_fds, const sigset_t *mask);

/* sys_child_signal signals a child whose number is its own: not waited for.
 * sys_discard_child kills a child of this process and reaps it. */
int sys_child_signal(pid_t pid, int signal_number);
void sys_discard_child(pid_t pid);

/* sys_exit ends the process at once, by _exit. */
__attribute__((noreturn)) void sys_exit(int code);

/* sys_pidfd_open names an existing process by a descriptor. Where there are
 * none (Linux before 5.4, gVisor, valgrind, a filter of system calls), it is a
 * small file that says whose it is: it can be passed on, and serves the
 * functions below, but it cannot be polled. */
int sys_pidfd_open(pid_t pid);

/* sys_pidfd_pollable: is it a real one? sys_pidfd_signal sends a signal; -ESRCH
 * after the end. sys_pidfd_wait waits until the process ends: 1, 0 at a
 * deadline of sys_clock_ns, -EBADF if it is no open descriptor. It looks for a
 * moment before it sleeps, as sys_poll_soon. */
bool sys_pidfd_pollable(int pidfd);
int sys_pidfd_signal(int pidfd, int signal_number);
int sys_pidfd_wait(int pidfd, int64_t deadline_ns);

/* sys_pidfd_reap asks for the end of a child of this process and takes its
 * status: the pid and the exit code, 0 while it runs, -ECHILD if it is not, or
 * no longer, ours to wait for. Without a pidfd, -1, it goes by the number,
 * which nobody else gets before it has been waited for. */
int sys_pidfd_reap(int pidfd, pid_t pid, int *out_exitcode);

/* sys_pidfd_exit_info asks the kernel how a process ended that anybody has
 * waited for: 1 and the exit code, 0 if it does not (yet) say: not reaped, or
 * a kernel before Linux 6.15. */
int sys_pidfd_exit_info(int pidfd, int *out_exitcode);

/* sys_exitcode_of_status turns a status as waitpid has it into an exit code.
 * sys_wait_pid waits for one child; false if it is known to have exited. */
int sys_exitcode_of_status(int status);
bool sys_wait_pid(pid_t pid);

/* sys_reap_any takes the status of one finished child: its pid and exit code,
 * 0 if none has finished, -ECHILD if there is none. Only for a process all of
 * whose children are Brood's: the forkserver. */
int sys_reap_any(int *out_exitcode);

/* sys_yield lets others have the processor for a moment. sys_try_yield leaves
 * that to a sleep, and returns false, where others compute: the kernel may give
 * them the processor for milliseconds then, and whoever sleeps gets it back as
 * soon as there is something to do. */
void sys_yield(void);
bool sys_try_yield(void);

pid_t sys_getpid(void);
pid_t sys_gettid(void); /* of the calling thread */

/* sys_cpu_count returns the number of configured processors, sys_affinity how
 * many of them this process may use, at least 1. */
int sys_cpu_count(void);
int sys_affinity(void);

/* sys_own_image returns what sys_spawn runs this very program by, whatever has
 * its name by now, and writes that name, or what is the next best. */
const char *sys_own_image(char *out_name, size_t capacity);

/* sys_resident_bytes returns how much memory this process has in use, 0 if that
 * is not known. sys_set_name names it, for ps and top, as the file of a path.
 */
int64_t sys_resident_bytes(void);
void sys_set_name(const char *path);

/* sys_is_privileged: this image was given rights that its caller does not have
 * (set-uid, set-gid, capabilities of the file); or a fresh one would be: the
 * real user or group is not the effective one. */
bool sys_is_privileged(void);

/* sys_ids returns a number that stays the same as long as this process's users
 * and groups do. sys_random fills memory from the kernel's random source. */
uint64_t sys_ids(void);
int sys_random(void *out_data, size_t size);

/* ----------------------------------------------- What a child is made of --
 *
 * Of the calling process; lib/start/setup.c knows the order. */

/* sys_open_sink opens /dev/null, to read and to write. sys_affinity_set takes a
 * bit for each processor. Ids are set as real, effective and saved ones. */
int sys_open_sink(void);
int sys_session_new(void);
int sys_process_group_join(pid_t group); /* 0: a new one */
int sys_nice_set(int value);             /* no increment */
int sys_affinity_set(const uint64_t *bits, size_t num_words);
int sys_limit_set(int resource, uint64_t soft, uint64_t hard);
void sys_umask_set(mode_t mask);
int sys_groups_set(const uint32_t *groups, size_t num_groups);
int sys_group_id_set(gid_t group);
int sys_user_id_set(uid_t user);
int sys_directory_change(const char *path);
int sys_no_new_privileges(void);

/* -------------------------------------------------- Processes of others --
 *
 * What the kernel says of a process or thread that is not ours to wait for.
 * Where it says nothing (no /proc, hidepid, a full table of descriptors),
 * nothing is known: then nobody has ended. */

/* sys_task_home writes what all numbers and times of processes are relative to:
 * the calling process's PID and time namespaces. */
int sys_task_home(uint64_t *out_home);

/* sys_task_mark writes what tells a process or thread from later ones that have
 * its number, and from the program that it becomes by exec:
 *
 *   bits 31..12  when it began, in ticks since the machine did
 *   bits 11..0   a hash of where its program lies; 0: not ours to see */
int sys_task_mark(pid_t task, uint32_t *out_mark);

/* A process of its own is the same after exec: its mark without these bits. */
#define SYS_TASK_IMAGE UINT32_C(0xfff)

/* sys_task_ended tells whether a process or thread of this mark is no more:
 *
 *   1              it has been seen that it ended, waited for or not
 *   0              it lives, or nothing can be known
 *   SYS_TASK_OTHER the number has another mark now: it has ended, if the marks
 *                  were taken by the same clock
 *
 * With mark 0 any that has the number is taken for it. is_thread: the number is
 * a main thread's, which may end before its process does. */
int sys_task_ended(pid_t task, uint32_t mark, bool is_thread);

enum { SYS_TASK_OTHER = 2 };

/* sys_zombie_exitcode tells how a process ended that nobody has waited for
 * yet: 1 and the exit code, 0 if there is no such zombie, or it is not ours to
 * see. pidfd and pid name the same process. */
int sys_zombie_exitcode(int pidfd, pid_t pid, int *out_exitcode);

/* -------------------------------------------------------------- Orphans --
 *
 * PID 1 and subreapers get those that the processes below them leave, and a
 * server that should be nobody's child is theirs: a program there that waits
 * until it has no children waits for ever. */

/* sys_adopts_orphans: they come to this process. */
bool sys_adopts_orphans(void);

/* sys_keeper_run calls body in another process, which shares this one's memory
 * and waits as the caller's thread would, and returns when body has; or when
 * that process was killed. Orphans of what body started go to it, and it goes
 * with the last of them. A wait does not see it, unless by __WALL or __WCLONE.
 * All signals are blocked there.
 * For one thread at a time. -errno: body was not called. */
int sys_keeper_run(void (*body)(void *data), void *data);

/* -------------------------------------------------------------- Signals -- */

/* sys_signals_block has the calling thread's signals wait, and writes which
 * waited before; sys_signals_unblock undoes it. */
void sys_signals_block(sigset_t *out_before);
void sys_signals_unblock(const sigset_t *before);

/* sys_signal_answer has a signal call a function, or do what SIG_DFL and
 * SIG_IGN say; it interrupts system calls that wait. */
void sys_signal_answer(int signal_number, void (*handler)(int));

/* sys_signal_hold has a signal wait, in this thread and what it starts, or come
 * again. */
void sys_signal_hold(int signal_number, bool hold);

/* A forkserver must not die of the user's Ctrl-C, and its children must find
 * every signal as the server itself found it. */
struct sys_signals {
  struct sigaction on_int, on_child, on_pipe;
  sigset_t mask;
};

/* sys_signals_serve ignores SIGINT and SIGPIPE and remembers how they were.
 * With reports the ends of children are collected through the returned
 * descriptor (readable when there may be one, sys_signals_drain empties it);
 * without, the kernel reaps them by itself and 0 is returned.
 * sys_signals_restore undoes it, in a child of the server. */
int sys_signals_serve(struct sys_signals *out_before, int reports);
void sys_signals_drain(int fd);
void sys_signals_restore(const struct sys_signals *before);

/* sys_signals_hold_children keeps the ends of children from being reaped by
 * the kernel; sys_signals_let_children has it reap them again, and tells
 * whether one ended in between, which is for sys_reap_any. For a server without
 * reports. */
void sys_signals_hold_children(void);
int sys_signals_let_children(void);
