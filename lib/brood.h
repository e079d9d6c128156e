/* SPDX-License-Identifier: MIT
 *
 * Brood: process contexts for C.
 *
 * A *context* starts processes by one *start method* (fork, spawn or
 * forkserver) and makes the objects that processes share. The words are those
 * of Python's multiprocessing, and so are the rules; the clause ids in
 * parentheses name the sentence of the spec (conformance/spec) that a rule
 * comes from.
 *
 * What is true of every function
 *
 * - Functions that make or find something return it, or NULL. All others
 *   return 0 or a count, or a negative enum brood_error. After a failure
 *   brood_error() and brood_error_message() tell this thread what happened,
 *   with the offending value. Outputs are written only on success.
 * - Every function may be called from any thread. Whatever a process handle
 *   allows only to its creator is allowed to any thread of the creator.
 * - Arguments are borrowed unless the comment says "takes". Strings are UTF-8
 *   and end with NUL.
 * - Timeouts are relative, in nanoseconds, and run on CLOCK_MONOTONIC:
 *   BROOD_FOREVER waits without limit, 0 and other negative values poll.
 * - Descriptors that the library makes are close-on-exec.
 *
 * Source: Python's multiprocessing and billiard, as measured; where the two
 * disagree, tools/decisions says which side is taken.
 */
#ifndef BROOD_H
#define BROOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define BROOD_NORETURN __attribute__((noreturn))
#define BROOD_CONSTRUCTOR __attribute__((constructor))
#else
#error "brood.h needs a compiler with GNU attributes"
#endif

/* Named maxima; exceeding one is BROOD_VALUE_ERROR. */
#define BROOD_MAX_NAME 4095        /* bytes of a process name */
#define BROOD_MAX_ARGS 65535       /* arguments of a process */
#define BROOD_MAX_AUTHKEY 255      /* bytes of an authkey */
#define BROOD_MAX_RECORD (1 << 30) /* bytes of all arguments together */
#define BROOD_MAX_PRELOAD 255      /* names of preload functions */

#define BROOD_FOREVER INT64_MIN

/* ------------------------------------------------------------- Errors -- */

/* brood_error: the field's exception names, one for one. */
enum brood_error {
  BROOD_OK = 0,
  BROOD_VALUE_ERROR = -1,     /* right type, unusable value */
  BROOD_TYPE_ERROR = -2,      /* wrong type, or NULL where it has no meaning */
  BROOD_RUNTIME_ERROR = -3,   /* not in this state */
  BROOD_ASSERTION_ERROR = -4, /* not by this caller, or not at this time */
  BROOD_INDEX_ERROR = -5,     /* no such element */
  BROOD_ATTRIBUTE_ERROR = -6, /* the object does not have this yet */
  BROOD_OS_ERROR = -7,        /* the kernel refused: see brood_errno() */
  BROOD_TIMEOUT = -8          /* the time is over; nothing else happened */
};

/* brood_error returns the code of this thread's last failure, BROOD_OK if
 * there was none, or if the last NULL meant "there is none". */
int brood_error(void);

/* brood_errno returns the errno value behind this thread's last
 * BROOD_OS_ERROR, 0 if the last failure was of another kind. */
int brood_errno(void);

/* brood_error_message returns one sentence about this thread's last failure,
 * with the offending value; "" if there was none. It is valid until the
 * thread's next call that fails. */
const char *brood_error_message(void);

/* brood_error_name returns the field's name of a code ("ValueError"), or
 * "unknown error". */
const char *brood_error_name(int code);

/* ------------------------------------------------------------ Program -- */

/* brood_init must be the first statement of main. In a process that a spawn
 * context or a forkserver started it does not return: it runs the target and
 * ends the process. In the program itself it returns 0, keeps the arguments
 * for children (brood_argv), and has the exit of main terminate daemonic
 * children and join the others. A second call does nothing.
 *
 * Without it, starting a process by spawn or forkserver is refused with
 * BROOD_RUNTIME_ERROR before any process exists (main.once). */
int brood_init(int argc, char **argv);

/* brood_argv returns the arguments of the program's main, ended by NULL, and
 * their number; the same in every descendant (argv.same). NULL before
 * brood_init. */
const char *const *brood_argv(int *out_argc);

/* brood_exit ends the calling process in the ordinary way with code modulo
 * 256. In a child: daemonic children are terminated, others joined, stdio is
 * flushed. In main: as exit(). Source: sys.exit. */
BROOD_NORETURN void brood_exit(int code);

/* brood_fail is C's uncaught exception: it prints "Process NAME:" and the
 * text on standard error and ends the process with code 1
 * (exit.exception). text may be NULL. */
BROOD_NORETURN void brood_fail(const char *text);

/* ----------------------------------------------------------- Contexts -- */

/* brood_context: a start method with everything that can be made with it.
 * Contexts are never freed. Wherever a context is asked for, NULL is the
 * default context: the one whose method brood_set_start_method chose. */
typedef struct brood_context brood_context;

enum {
  BROOD_FORCE = 1u << 0,     /* brood_set_start_method: replace a choice */
  BROOD_ALLOW_NONE = 1u << 1 /* brood_get_start_method: NULL, not a choice */
};

/* brood_get_all_start_methods returns the names that this platform offers,
 * ended by NULL, the default first (method.list). */
const char *const *brood_get_all_start_methods(void);

/* brood_get_context returns the context of a method, the same one every time.
 * NULL asks for the default's and fixes it if nobody has chosen yet
 * (context.default-fixes).
 *
 * BROOD_VALUE_ERROR  no such method (context.unknown) */
const brood_context *brood_get_context(const char *method);

/* brood_set_start_method chooses the default context's method. NULL stands
 * for the platform's default; with BROOD_FORCE it takes the choice back.
 *
 * BROOD_RUNTIME_ERROR  chosen already, and no BROOD_FORCE (method.set-twice);
 *                      comes before the check of the name (method.set-order)
 * BROOD_VALUE_ERROR    no such method; the old choice stands
 * BROOD_TYPE_ERROR     an unknown flag */
int brood_set_start_method(const char *method, unsigned flags);

/* brood_get_start_method returns the default context's method and thereby
 * fixes it. With BROOD_ALLOW_NONE it changes nothing and returns NULL, with
 * brood_error() == BROOD_OK, while nobody has chosen
 * (method.allow-none-neutral).
 *
 * BROOD_TYPE_ERROR  an unknown flag */
const char *brood_get_start_method(unsigned flags);

/* brood_context_get_start_method is the same for one context: a concrete
 * context answers its own name whatever the default is (concrete.name). */
const char *brood_context_get_start_method(const brood_context *context,
                                           unsigned flags);

/* brood_context_get_context reaches the contexts from one of them; NULL is
 * the context itself (concrete.self). Errors as brood_get_context. */
const brood_context *brood_context_get_context(const brood_context *context,
                                               const char *method);

/* brood_context_set_start_method is brood_set_start_method for the default
 * context, and for a concrete one:
 *
 * BROOD_VALUE_ERROR  always, with or without BROOD_FORCE (concrete.set) */
int brood_context_set_start_method(const brood_context *context,
                                   const char *method, unsigned flags);

/* brood_set_executable names the program that spawn and the forkserver run
 * from now on, in place of this program; for all contexts of this process
 * (executable.global). The path is not looked at until a process starts.
 *
 * BROOD_TYPE_ERROR  path is NULL
 * BROOD_OS_ERROR    out of memory */
int brood_set_executable(const char *path);

/* brood_set_forkserver_preload names the functions, registered with
 * BROOD_PRELOAD, that the next forkserver calls before it serves. A name that
 * is not registered there is passed over (preload.missing). A function that
 * fails makes the start of the process that needed the server fail.
 *
 * BROOD_TYPE_ERROR   names or one of them is NULL (preload.type); nothing
 *                    changes
 * BROOD_VALUE_ERROR  more than BROOD_MAX_PRELOAD names
 * BROOD_OS_ERROR     out of memory */
int brood_set_forkserver_preload(const char *const *names, size_t num_names);

/* brood_cpu_count returns the number of processors of the machine, at least
 * 1, or BROOD_RUNTIME_ERROR if it cannot be found out. */
int brood_cpu_count(void);

/* Levels of the log, as in Python's logging. */
enum {
  BROOD_LOG_UNCHANGED = 0,
  BROOD_LOG_DEBUG = 10,
  BROOD_LOG_INFO = 20,
  BROOD_LOG_WARNING = 30,
  BROOD_LOG_ERROR = 40
};

/* brood_log_to_stderr adds a handler that writes each record to standard
 * error as "[LEVEL/process name] text"; two calls make two handlers. level,
 * unless BROOD_LOG_UNCHANGED, becomes the least level written. Children of
 * every method inherit both (log.handlers).
 *
 * BROOD_VALUE_ERROR  a negative level */
int brood_log_to_stderr(int level);

/* ------------------------------------------------- Targets and preload -- */

/* brood_args: the arguments that a target receives. */
typedef struct brood_args brood_args;

/* brood_target: what a process runs. Its return ends the process with 0;
 * brood_exit and brood_fail end it with another code. Standard output and
 * error are flushed then; a child of fork or the forkserver has to close other
 * streams itself, and runs no exit handlers. */
typedef void (*brood_target)(const brood_args *args);

/* brood_preload: what a forkserver runs before it serves; 0, or a positive
 * number that brood_process_start reports. */
typedef int (*brood_preload)(void);

/* A place in the registry. Must live as long as the program. */
struct brood_target_entry {
  const char *name;
  brood_target function;
  struct brood_target_entry *next;
};

struct brood_preload_entry {
  const char *name;
  brood_preload function;
  struct brood_preload_entry *next;
};

/* brood_register_target and brood_register_preload take an entry, for code
 * that cannot use the macros below (a library opened by dlopen, a table). Two
 * functions under one name make the name unusable: starting either by spawn
 * or forkserver is BROOD_VALUE_ERROR. */
void brood_register_target(struct brood_target_entry *entry);
void brood_register_preload(struct brood_preload_entry *entry);

/* BROOD_TARGET(function); beside a function lets spawn and forkserver find it
 * in a fresh process under its own name. Fork needs no registration. */
#define BROOD_TARGET(function) \
  BROOD_REGISTER_(function, brood_target_entry, brood_register_target)

/* BROOD_PRELOAD(function); likewise for brood_set_forkserver_preload. */
#define BROOD_PRELOAD(function) \
  BROOD_REGISTER_(function, brood_preload_entry, brood_register_preload)

#define BROOD_REGISTER_(function, entry_type, registrar)          \
  static void BROOD_CONSTRUCTOR function##_##registrar(void) {    \
    static struct entry_type entry = {#function, function, NULL}; \
    registrar(&entry);                                            \
  }                                                               \
  struct brood_swallows_a_semicolon_

/* ---------------------------------------------------------- Arguments -- */

enum brood_type {
  BROOD_TYPE_NONE,
  BROOD_TYPE_BOOL,
  BROOD_TYPE_INT64,
  BROOD_TYPE_DOUBLE,
  BROOD_TYPE_STRING,
  BROOD_TYPE_BYTES,
  BROOD_TYPE_DESCRIPTOR,
  BROOD_TYPE_POINTER
};

/* brood_value: one argument. A descriptor arrives open in the child, under a
 * number of the child's own; it must be open when the process is started and
 * may be closed right after. A pointer means something only in a fork: the
 * other methods refuse it. */
typedef struct brood_value {
  enum brood_type type;
  union {
    bool boolean;
    int64_t int64;
    double real;
    const void *data; /* string, bytes, pointer */
    int descriptor;
  } as;
  size_t size_bytes; /* string (without its NUL), bytes */
} brood_value;

brood_value brood_none(void);
brood_value brood_bool(bool value);
brood_value brood_int64(int64_t value);
brood_value brood_double(double value);
brood_value brood_string(const char *text);
brood_value brood_bytes(const void *data, size_t size_bytes);
brood_value brood_descriptor(int descriptor);
brood_value brood_pointer(const void *pointer);

/* BROOD_ARGS(brood_int64(1), brood_string("a")) initialises the members args
 * and num_args of brood_process_options. C only. */
#define BROOD_ARGS(...)                       \
  .args = (const brood_value[]){__VA_ARGS__}, \
  .num_args = sizeof((const brood_value[]){__VA_ARGS__}) / sizeof(brood_value)

/* brood_args_count returns the number of arguments. */
size_t brood_args_count(const brood_args *args);

/* brood_args_type returns the enum brood_type of an argument.
 *
 * BROOD_INDEX_ERROR  there is no argument of this index */
int brood_args_type(const brood_args *args, size_t index);

/* brood_args_TYPE reads one argument. Strings and bytes are valid until the
 * process ends; a descriptor belongs to the process, which may close it.
 *
 * BROOD_TYPE_ERROR   the argument is of another type
 * BROOD_INDEX_ERROR  there is no argument of this index */
int brood_args_bool(const brood_args *args, size_t index, bool *out_value);
int brood_args_int64(const brood_args *args, size_t index, int64_t *out_value);
int brood_args_double(const brood_args *args, size_t index, double *out_value);
int brood_args_string(const brood_args *args, size_t index,
                      const char **out_text);
int brood_args_bytes(const brood_args *args, size_t index,
                     const void **out_data, size_t *out_size_bytes);
int brood_args_descriptor(const brood_args *args, size_t index,
                          int *out_descriptor);
int brood_args_pointer(const brood_args *args, size_t index,
                       const void **out_pointer);

/* ---------------------------------------------------------- Processes -- */

/* brood_process: a handle of a process, counted: one count for whoever called
 * brood_process_new, one for each handle that brood_active_children gives. */
typedef struct brood_process brood_process;

enum brood_daemon {
  BROOD_DAEMON_INHERIT = 0, /* as the process that makes the handle */
  BROOD_DAEMON,
  BROOD_NOT_DAEMON
};

/* All zero is a process that does nothing and returns 0. */
typedef struct brood_process_options {
  const void *group;       /* must be NULL, as in the field */
  brood_target target;     /* NULL: nothing to run */
  const char *name;        /* NULL or "": "ForkProcess-1" and so on */
  const brood_value *args; /* copied */
  size_t num_args;
  enum brood_daemon daemon;
} brood_process_options;

/* brood_process_new returns a process that has not been started. options NULL
 * is all zero. With context NULL the default's method is looked up when the
 * process starts (process.binds-at-start). The authkey and the daemon flag are
 * taken from the calling process now.
 *
 * BROOD_ASSERTION_ERROR  group is not NULL (ctor.group)
 * BROOD_TYPE_ERROR       args is NULL but num_args is not 0; a value of no
 *                        known type; a NULL string; an unknown daemon flag
 * BROOD_VALUE_ERROR      a name, a number or a size over its maximum; a
 *                        negative descriptor
 * BROOD_OS_ERROR         out of memory */
brood_process *brood_process_new(const brood_context *context,
                                 const brood_process_options *options);

/* brood_process_free gives the handle back. NULL is legal. A running process
 * goes on, and is reaped and joined as before. Returns NULL. */
brood_process *brood_process_free(brood_process *process);

/* brood_process_start starts the process. Finished children of the caller are
 * reaped. After a failure the process is as before, nothing runs, and start
 * may be tried again.
 *
 * BROOD_ASSERTION_ERROR  started already (start.once); made by another
 *                        process (start.foreign); the caller is daemonic
 *                        (daemon.no-children)
 * BROOD_VALUE_ERROR      closed; under spawn and forkserver: the target is
 *                        not registered, or its name is ambiguous
 * BROOD_TYPE_ERROR       under spawn and forkserver: a pointer argument
 * BROOD_RUNTIME_ERROR    under spawn and forkserver: no brood_init; a preload
 *                        function failed
 * BROOD_OS_ERROR         the kernel refused: no such executable (ENOENT), too
 *                        many processes (EAGAIN), a full descriptor table
 *                        (EMFILE), an argument's descriptor is not open
 *                        (EBADF), the forkserver died while it was starting
 *                        this very process (ECONNRESET) */
int brood_process_start(brood_process *process);

/* brood_process_join waits for the end. 0: it has ended.
 *
 * BROOD_TIMEOUT          it has not, and the time is over
 * BROOD_ASSERTION_ERROR  not started; not a child of the caller
 * BROOD_VALUE_ERROR      closed */
int brood_process_join(brood_process *process, int64_t timeout_ns);

/* brood_process_is_alive returns 1 or 0. Of oneself: 1.
 *
 * BROOD_ASSERTION_ERROR  not a child of the caller
 * BROOD_VALUE_ERROR      closed */
int brood_process_is_alive(brood_process *process);

/* brood_process_terminate sends SIGTERM, brood_process_kill SIGKILL. No effect
 * on a process that has ended. Any process that holds a copy may call it.
 *
 * BROOD_ATTRIBUTE_ERROR  not started
 * BROOD_VALUE_ERROR      closed */
int brood_process_terminate(brood_process *process);
int brood_process_kill(brood_process *process);

/* brood_process_close releases the descriptors of a process that has ended or
 * was never started. Afterwards everything but the name, the daemon flag,
 * brood_process_close and brood_process_free is BROOD_VALUE_ERROR.
 *
 * BROOD_VALUE_ERROR  the process is running; it is not harmed */
int brood_process_close(brood_process *process);

/* brood_process_pid returns the pid, or 0 before start.
 *
 * BROOD_VALUE_ERROR  closed */
int brood_process_pid(brood_process *process);

/* brood_process_exitcode returns 1 and writes the exit code (0 to 255, or
 * minus the number of the signal), or returns 0 while there is none: before
 * the start, while it runs, and for anybody but the creator. A code that
 * cannot be known (somebody else waited for the process first, on a kernel
 * before Linux 6.15) is 255.
 *
 * BROOD_VALUE_ERROR  closed */
int brood_process_exitcode(brood_process *process, int *out_exitcode);

/* brood_process_sentinel returns a descriptor that is readable once the
 * process has ended: a pidfd. It belongs to the handle.
 *
 * BROOD_VALUE_ERROR  not started; closed */
int brood_process_sentinel(brood_process *process);

/* brood_process_name returns the name, valid until it is set again. */
const char *brood_process_name(brood_process *process);

/* brood_process_set_name renames the handle, also after the start.
 *
 * BROOD_ASSERTION_ERROR  NULL is not a string (name.type)
 * BROOD_VALUE_ERROR      longer than BROOD_MAX_NAME
 * BROOD_OS_ERROR         out of memory */
int brood_process_set_name(brood_process *process, const char *name);

/* brood_process_daemon returns 1 or 0. */
int brood_process_daemon(brood_process *process);

/* brood_process_set_daemon sets the flag. A daemonic process ends when its
 * creator ends, SIGKILL included, and may not start processes.
 *
 * BROOD_ASSERTION_ERROR  the process has been started */
int brood_process_set_daemon(brood_process *process, bool daemon);

/* brood_process_authkey returns the key, valid until it is set again, and its
 * size: 32 random bytes made by the first process, inherited. */
const void *brood_process_authkey(brood_process *process,
                                  size_t *out_size_bytes);

/* brood_process_set_authkey replaces it; processes made from now on inherit
 * it.
 *
 * BROOD_TYPE_ERROR   key is NULL
 * BROOD_VALUE_ERROR  empty, or longer than BROOD_MAX_AUTHKEY */
int brood_process_set_authkey(brood_process *process, const void *key,
                              size_t size_bytes);

/* brood_current_process returns the handle of the calling process: the object
 * that its creator made, or "MainProcess". It belongs to the library; freeing
 * it does nothing. */
brood_process *brood_current_process(void);

/* brood_parent_process returns a handle of the process that made this one
 * (under forkserver: the creator, not the server), or NULL, with
 * brood_error() == BROOD_OK, in main. join and is_alive work on it and see a
 * SIGKILLed parent; the exit code stays unknown. It belongs to the library. */
brood_process *brood_parent_process(void);

/* brood_active_children reaps finished children and returns how many live,
 * started by this process. Up to capacity handles are written to out (NULL
 * with capacity 0 just counts); each is to be given back with
 * brood_process_free.
 *
 * BROOD_TYPE_ERROR  out is NULL but capacity is not 0 */
int brood_active_children(brood_process **out, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif /* BROOD_H */
