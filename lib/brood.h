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
 * A worker that is told whom to greet, and then to stop:
 *
 *   static void work(const brood_args *args) {
 *     const brood_value *tasks = brood_args_get(args, 0);
 *     brood_queue *queue = brood_value_object(tasks, BROOD_KIND_QUEUE);
 *     brood_value item = brood_none();
 *     while (brood_queue_get(queue, &item, BROOD_FOREVER) == 0 &&
 *            item.type == BROOD_TYPE_STRING) {
 *       printf("hello %s\n", (const char *)item.as.data);
 *       brood_value_clear(&item);
 *     }
 *   }
 *   BROOD_TARGET(work);
 *
 *   int main(int argc, char **argv) {
 *     if (brood_init(argc, argv) < 0) return 1;
 *     const brood_context *spawn = brood_get_context("spawn");
 *     brood_queue *queue = brood_queue_new(spawn, 0);
 *     brood_process_options options = {.target = work,
 *                                      .daemon = BROOD_DAEMON,
 *                                      BROOD_ARGS(brood_object(queue))};
 *     brood_process *worker = brood_process_new(spawn, &options);
 *     if (worker == NULL || brood_process_start(worker) < 0) {
 *       fprintf(stderr, "%s\n", brood_error_message());
 *       return 1;
 *     }
 *     brood_queue_put(queue, brood_string("you"), BROOD_FOREVER);
 *     brood_queue_put(queue, brood_none(), BROOD_FOREVER); // stop
 *     brood_process_join(worker, BROOD_FOREVER);
 *     brood_process_free(worker);
 *     brood_queue_free(queue);
 *   }
 *
 * What is true of every function
 *
 * - Functions that make or find something return it, or NULL. All others return
 *   0 or a count, or a negative enum brood_error. After a failure brood_error()
 *   and brood_error_message() tell this thread what happened, with the
 *   offending value. Outputs are written only on success; NULL where an output
 *   or a function belongs is BROOD_TYPE_ERROR.
 * - Every function may be called from any thread. What a process handle allows
 *   only to its creator, any thread of the creator may do.
 * - Arguments are borrowed unless the comment says "takes". Strings are UTF-8
 *   and end with NUL.
 * - Timeouts are relative, in nanoseconds, and run on CLOCK_MONOTONIC:
 *   BROOD_FOREVER waits without limit, 0 and other negative values poll. So -1
 *   looks once and returns; it does not mean for ever, as in poll(2). A call on
 *   a queue that polls may take 200 ms if a stopped process holds the queue,
 *   and 400 ms if two hold its ends.
 * - Descriptors that the library makes are close-on-exec.
 * - A signal handler may call brood_event_set, brood_event_clear and
 *   brood_task_soft_limit, and nothing else of this header. It may also call
 *   exit(): if that interrupts the library, but for a wait that can be
 *   cancelled, exit waits for no children; daemonic ones are killed, others
 *   live on. It may fork, but not return in the child. Signals wait while a
 *   process is being started. No call returns early because a signal came.
 * - A thread may be cancelled while it waits: at once in join, in brood_wait
 *   and with a connection, within a second for a lock, semaphore, event,
 *   condition, barrier, an item, or the join of a queue. Nothing stays locked
 *   that it did not hold before; a condition's lock is not taken back, and a
 *   barrier breaks. brood_process_start, a put that waits for room in a queue,
 *   and all else that is asked of managers and their objects, cannot be
 *   cancelled once they have begun. The thread that fork starts a target in
 *   cannot be cancelled before it has asked for that (pthread_setcancelstate).
 * - The program may fork at any time, in any thread. Its child has the objects,
 *   connections, default method and authkey of the parent (unless that has
 *   neither made a process nor asked for the key yet); it has no children,
 *   and cannot join or start by the handles of the parent's. Locks stay with
 *   their holders. Name, key, arguments and environment of a process that fork
 *   started lie on the stack of its first thread: a fork by another thread of
 *   it loses them. A child made by vfork or a bare clone may only exec.
 * - A C++ exception that leaves a target, or a barrier's action, ends its
 *   process by std::terminate. pthread_exit in a target ends the process, with
 *   0; in an action it ends the thread, and breaks the barrier for the others.
 *
 * In order: errors, contexts, targets, arguments, processes, shared objects,
 * messages, pipes, queues, tasks, pools, results, managers and their objects;
 * at the end, whom a process trusts and which ends it notices.
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
#pragma GCC visibility push(default) /* nothing else is, in libbrood.so */
#define BROOD_NORETURN __attribute__((noreturn))
#define BROOD_CONSTRUCTOR __attribute__((constructor))
#else
#error "brood.h needs a compiler with GNU attributes"
#endif

/* The version of this header. A program that was compiled with one minor
 * version runs with its patches, and with no other version. */
#define BROOD_VERSION_MAJOR 1
#define BROOD_VERSION_MINOR 0
#define BROOD_VERSION_PATCH 0

/* Named maxima; exceeding one is BROOD_VALUE_ERROR. */
#define BROOD_MAX_NAME 4095           /* bytes of a process name */
#define BROOD_MAX_ARGS 65535          /* arguments of a process */
#define BROOD_MAX_AUTHKEY 255         /* bytes of an authkey */
#define BROOD_MAX_RECORD (1 << 30)    /* bytes of all arguments together */
#define BROOD_MAX_DEPTH 32            /* tuples inside of one another */
#define BROOD_MAX_PRELOAD 255         /* names of preload functions */
#define BROOD_MAX_SETUP 65536         /* entries of a list of a setup */
#define BROOD_MAX_CPU 8191            /* number of a processor in a setup */
#define BROOD_MAX_SEMAPHORE INT32_MAX /* value of a semaphore */
#define BROOD_MAX_PARTIES 4095        /* parties of a barrier */
#define BROOD_MAX_WAITERS 255         /* that wait on one condition at a time */
#define BROOD_MAX_SHARED (INT64_C(1) << 40)  /* bytes of one shared array */
#define BROOD_MAX_MAXSIZE INT32_MAX          /* items: the maxsize of a queue */
#define BROOD_MAX_MESSAGE (INT64_C(1) << 32) /* bytes sent, or put, at once */
#define BROOD_MAX_ITEM (1 << 22)  /* bytes of an item inside of a queue */
#define BROOD_MAX_QUEUE (1 << 26) /* bytes of all such items in a queue */

#define BROOD_FOREVER INT64_MIN

/* BROOD_SECONDS(n) and BROOD_MILLISECONDS(n) are timeouts. They are computed in
 * 64 bits: `seconds * 1000000000` with an int is not, and overflows from 3 on.
 * n may be a fraction. */
#define BROOD_SECONDS(n) (INT64_C(1000000000) * (n))
#define BROOD_MILLISECONDS(n) (INT64_C(1000000) * (n))

/* Where a size may be left out: all there is. */
#define BROOD_ALL INT64_MIN

/* ------------------------------------------------------------- Errors -- */

/* brood_error: Python's exception names, one for one. */
enum brood_error {
  BROOD_OK = 0,
  BROOD_VALUE_ERROR = -1,     /* right type, unusable value */
  BROOD_TYPE_ERROR = -2,      /* wrong type, or NULL, but not for an object */
  BROOD_RUNTIME_ERROR = -3,   /* not in this state */
  BROOD_ASSERTION_ERROR = -4, /* not by this caller, or not at this time */
  BROOD_INDEX_ERROR = -5,     /* no such element */
  BROOD_ATTRIBUTE_ERROR = -6, /* the object does not have this yet */
  BROOD_OS_ERROR = -7,        /* the kernel refused: see brood_errno() */
  BROOD_TIMEOUT = -8,         /* the time is over; nothing else happened */
  BROOD_OVERFLOW_ERROR = -9,  /* a number beyond what the object can count */
  BROOD_BROKEN_BARRIER = -10, /* the barrier is broken, or was reset */
  BROOD_OWNER_DIED = -11, /* done, the lock is held, but its holder before was
                             killed: the data it guards is suspect */
  BROOD_EMPTY = -12,      /* the queue stayed empty */
  BROOD_FULL = -13,       /* the queue stayed full */
  BROOD_EOF = -14,        /* nothing is left, and no process can send more */
  BROOD_BUFFER_TOO_SHORT = -15, /* for a message: see brood_error_data() */
  /* Of a pool's task; brood_failure tells more: */
  BROOD_TASK_ERROR = -16,      /* it failed */
  BROOD_WORKER_LOST = -17,     /* its worker ended in the middle of it */
  BROOD_TIME_LIMIT = -18,      /* its worker was killed at the hard limit */
  BROOD_SOFT_TIME_LIMIT = -19, /* for a task to return at the soft one */
  BROOD_TERMINATED = -20,      /* it, or its pool, was terminated */
  BROOD_CANCELLED = -21,       /* it was taken back before it was begun */
  BROOD_BROKEN_POOL = -22,     /* workers cannot be had any more */
  BROOD_ENCODING_ERROR = -23,  /* its result cannot be sent */
  /* Of a manager's objects: */
  BROOD_KEY_ERROR = -24,           /* no such key */
  BROOD_REMOTE_ERROR = -25,        /* a method's result cannot be sent */
  BROOD_AUTHENTICATION_ERROR = -26 /* client and server have different keys */
};

/* brood_error returns the code of this thread's last failure, BROOD_OK if
 * there was none, or if the last NULL meant "there is none". */
int brood_error(void);

/* brood_errno returns the errno value behind this thread's last
 * BROOD_OS_ERROR, 0 if the last failure was of another kind. */
int brood_errno(void);

/* brood_error_message returns one sentence about this thread's last failure,
 * with the offending value; "" if there was none. A long name is cut in it,
 * perhaps within a letter. It is valid until the thread's next call that fails,
 * or returns NULL for "there is none". */
const char *brood_error_message(void);

/* brood_error_data returns what this thread's last failure carries, the message
 * of a BROOD_BUFFER_TOO_SHORT, and its size; else NULL and 0. It is valid as
 * long as the message. */
const void *brood_error_data(size_t *out_size_bytes);

/* brood_error_name returns Python's name of a code ("ValueError"; "OwnerDied",
 * which Python has not), or "unknown error". */
const char *brood_error_name(int code);

/* ------------------------------------------------------------ Program -- */

/* brood_version returns the version of the library, as in "1.0.0". A process
 * that another version started ends with 1: parent, child and forkserver are
 * one build, also of a shared library. */
const char *brood_version(void);

/* brood_init must be the first statement of main. In a process that a spawn
 * context or a forkserver started it does not return: it runs the target and
 * ends the process. In the program itself it returns 0, keeps the arguments for
 * children (brood_argv), and has the exit of main terminate daemonic children
 * and join the others. So a child that waits for main, for a task or a message,
 * should be daemonic: otherwise an exit(1) of main would wait for it. Nothing
 * waits for one that is started in an exit handler that main registered before
 * its first start. A second call does nothing.
 *
 * Without it, starting a process by spawn or forkserver is refused with
 * BROOD_RUNTIME_ERROR before any process exists (main.once). So it is in a
 * program that has rights which its caller lacks (set-uid, set-gid, file
 * capabilities): a caller could choose what is run with them. Such a program
 * has fork, and ends if run as a child.
 *
 * BROOD_OS_ERROR  out of memory */
int brood_init(int argc, char **argv);

/* brood_argv returns the arguments of the program's main as they were at
 * brood_init, ended by NULL, and their number; the same in every descendant
 * (argv.same). NULL before brood_init. */
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
 * default context: the one whose method brood_set_start_method chose. If nobody
 * has chosen, the first call that needs the default *commits the program to its
 * default start method*, the platform's. */
typedef struct brood_context brood_context;

enum {
  BROOD_FORCE = 1u << 0,     /* brood_set_start_method: replace a choice */
  BROOD_ALLOW_NONE = 1u << 1 /* brood_get_start_method: NULL, not a choice */
};

/* brood_get_all_start_methods returns the names that this platform offers,
 * ended by NULL, the default first (method.list). */
const char *const *brood_get_all_start_methods(void);

/* brood_get_context returns the context of a method, the same one every time.
 * NULL asks for the default's and commits the program to it
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

/* brood_get_start_method returns the default context's method and commits the
 * program to it. With BROOD_ALLOW_NONE it changes nothing and returns NULL,
 * with brood_error() == BROOD_OK, while nobody has chosen
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
 * Without it they run the very file that this process was made of, whatever has
 * its name by now. For a program that was run as an argument of its dynamic
 * loader that file is the loader: only with this can it start by spawn and the
 * forkserver.
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
 * 1, or BROOD_RUNTIME_ERROR if it cannot be found out. With no descriptor left
 * the C library counts only those that the process may run on. */
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

/* brood_callable: a function of no arguments that may fail: 0, or a positive
 * number, which its caller reports. A forkserver's preload functions and the
 * action of a barrier are such. */
typedef int (*brood_callable)(void);

/* A place in the registry. Must live as long as the program. */
struct brood_target_entry {
  const char *name;
  brood_target function;
  struct brood_target_entry *next;
};

struct brood_callable_entry {
  const char *name;
  brood_callable function;
  struct brood_callable_entry *next;
};

/* brood_register_target and brood_register_callable take an entry, for code
 * that cannot use the macros below (a table of functions). Two functions under
 * one name make the name unusable: starting either by spawn or forkserver is
 * BROOD_VALUE_ERROR.
 *
 * Entries are never removed: a library that registers any, by a macro too, must
 * stay loaded (RTLD_NODELETE): after dlclose the next start crashes. A fresh
 * process knows the functions registered before its brood_init: the functions
 * of a library that main opens later can be started by fork alone. By the
 * others the child ends with 1. */
void brood_register_target(struct brood_target_entry *entry);
void brood_register_callable(struct brood_callable_entry *entry);

/* BROOD_TARGET(function); beside a function lets spawn and forkserver find it
 * in a fresh process under its own name. Fork needs no registration.
 *
 * A constructor registers it. Of a static archive the linker takes only objects
 * that something refers to: one with nothing but such functions has to be
 * linked as a whole (-Wl,--whole-archive, Bazel's alwayslink), or its functions
 * are missing without a word. */
#define BROOD_TARGET(function) \
  BROOD_REGISTER_(function, brood_target_entry, brood_register_target)

/* BROOD_PRELOAD(function); likewise for brood_set_forkserver_preload. Only a
 * string refers to such a function, so the archive has to be linked as a whole
 * unless main uses something else of its file. */
#define BROOD_PRELOAD(function) \
  BROOD_REGISTER_(function, brood_callable_entry, brood_register_callable)

/* BROOD_ACTION(function); likewise for brood_barrier_new, and
 * BROOD_PREPARE(function); for a brood_child_setup. */
#define BROOD_ACTION(function) BROOD_PRELOAD(function)
#define BROOD_PREPARE(function) BROOD_PRELOAD(function)

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
  BROOD_TYPE_POINTER,
  BROOD_TYPE_OBJECT,
  BROOD_TYPE_TUPLE
};

/* brood_value: one argument, message or item; see brood_none to brood_tuple. A
 * descriptor arrives open in the child, under a number of the child's own; it
 * must be open when the process is started and may be closed right after. A
 * pointer means something only in a fork: the other methods, pipes and queues
 * refuse it. An object is a lock or any other shared object, a queue, or a
 * connection, of any context: it means the same in a process of every method,
 * and may be freed right after the start. A descriptor or connection that is
 * there twice arrives as one by fork, as two otherwise. A tuple is several
 * values, tuples among them, BROOD_MAX_DEPTH deep at most. */
typedef struct brood_value {
  enum brood_type type;
  union {
    bool boolean;
    int64_t int64;
    double real;
    const void *data;                /* string, bytes, pointer, object */
    void *object;                    /* the same, of one that was received */
    const struct brood_value *items; /* tuple */
    int descriptor;
  } as;
  union {
    size_t size_bytes; /* string (without its NUL), bytes */
    size_t num_items;  /* tuple */
  };
} brood_value;

brood_value brood_none(void);
brood_value brood_bool(bool value);
brood_value brood_int64(int64_t value);
brood_value brood_double(double value);
brood_value brood_string(const char *text);
brood_value brood_bytes(const void *data, size_t size_bytes);
brood_value brood_descriptor(int descriptor);
brood_value brood_pointer(const void *pointer);
brood_value brood_object(const void *object);
brood_value brood_tuple(const brood_value *items, size_t num_items);

/* BROOD_TUPLE(brood_int64(1), brood_string("a")) is a tuple of these, in the
 * block where it stands. C only. */
#define BROOD_TUPLE(...)                  \
  brood_tuple(                            \
      (const brood_value[]){__VA_ARGS__}, \
      sizeof((const brood_value[]){__VA_ARGS__}) / sizeof(brood_value))

/* BROOD_ARGS(brood_int64(1), brood_string("a")) initialises the members args
 * and num_args of brood_process_options. C only. */
#define BROOD_ARGS(...)                       \
  .args = (const brood_value[]){__VA_ARGS__}, \
  .num_args = sizeof((const brood_value[]){__VA_ARGS__}) / sizeof(brood_value)

/* brood_args_count returns the number of arguments. */
size_t brood_args_count(const brood_args *args);

/* brood_args_get returns one argument. It is borrowed, and lives as long as the
 * process, with what it points to: freeing an object among the arguments does
 * nothing, but for a connection, which it closes. A descriptor belongs to the
 * process, which may close it.
 *
 * NULL is BROOD_INDEX_ERROR: there is no argument of this index. */
const brood_value *brood_args_get(const brood_args *args, size_t index);

/* brood_value_TYPE reads a value: an argument, or what came through a pipe or
 * queue. Strings, bytes, items and the descriptor stay the value's. Where
 * brood_args_get returned NULL, its error stays:
 *
 *   if (brood_value_int64(brood_args_get(args, 1), &number) < 0) ...
 *
 * BROOD_TYPE_ERROR   the value is of another type, or NULL
 * BROOD_INDEX_ERROR  brood_args_get returned NULL */
int brood_value_bool(const brood_value *value, bool *out_value);
int brood_value_int64(const brood_value *value, int64_t *out_value);
int brood_value_double(const brood_value *value, double *out_value);
int brood_value_string(const brood_value *value, const char **out_text);
int brood_value_bytes(const brood_value *value, const void **out_data,
                      size_t *out_size_bytes);
int brood_value_descriptor(const brood_value *value, int *out_descriptor);
int brood_value_pointer(const brood_value *value, const void **out_pointer);
int brood_value_tuple(const brood_value *value, const brood_value **out_items,
                      size_t *out_num_items);

/* What an object is; the last sections of this header have them. */
enum brood_kind {
  BROOD_KIND_LOCK = 1,
  BROOD_KIND_RLOCK,
  BROOD_KIND_SEMAPHORE, /* and a BoundedSemaphore */
  BROOD_KIND_CONDITION,
  BROOD_KIND_EVENT,
  BROOD_KIND_BARRIER,
  BROOD_KIND_VALUE,
  BROOD_KIND_ARRAY,
  BROOD_KIND_QUEUE, /* and a JoinableQueue */
  BROOD_KIND_SIMPLE_QUEUE,
  BROOD_KIND_CONNECTION,
  BROOD_KIND_DICT,
  BROOD_KIND_LIST,
  BROOD_KIND_NAMESPACE,
  BROOD_KIND_MANAGED_VALUE,
  BROOD_KIND_MANAGED_ARRAY,
  BROOD_KIND_PROXY /* of a type of the program's own */
};

/* brood_value_object returns the object that a value holds, as a brood_lock for
 * BROOD_KIND_LOCK, and so on. It stays the value's. NULL is an error, as of
 * brood_value_TYPE:
 *
 *   brood_queue *tasks = brood_value_object(&value, BROOD_KIND_QUEUE);
 */
void *brood_value_object(const brood_value *value, enum brood_kind kind);

/* brood_kind_of returns the enum brood_kind of an object. The pointer may be
 * any.
 *
 * BROOD_VALUE_ERROR  it is no object, or has been freed */
int brood_kind_of(const void *object);

/* ---------------------------------------------------------- Processes -- */

/* brood_process: a handle of a process, counted: brood_process_new gives one
 * count, brood_active_children one with each handle. */
typedef struct brood_process brood_process;

enum brood_daemon {
  BROOD_DAEMON_INHERIT = 0, /* as the process that makes the handle */
  BROOD_DAEMON,
  BROOD_NOT_DAEMON
};

/* What a standard stream of a child leads to. Without a setup, standard input
 * has nothing to read, and standard output and error are the creator's, of a
 * forkserver's child those that the server began with. */
enum brood_stream_kind {
  BROOD_STREAM_DEFAULT = 0,
  BROOD_STREAM_INHERIT,   /* the creator's own, at the start */
  BROOD_STREAM_NULL,      /* /dev/null */
  BROOD_STREAM_DESCRIPTOR /* that of the creator */
};

typedef struct brood_stream {
  enum brood_stream_kind kind;
  int descriptor;
} brood_stream;

/* A limit of a child: a RLIMIT_ constant of <sys/resource.h>, and its values. A
 * child with RLIMIT_NOFILE 0 cannot wait for a connection (EINVAL). */
typedef struct brood_limit {
  int resource;
  uint64_t soft, hard;
} brood_limit;
#define BROOD_UNLIMITED UINT64_MAX

/* Which members of a setup count whose 0 means something. */
enum {
  BROOD_SETUP_SESSION = 1u << 0,           /* the child leads a new session */
  BROOD_SETUP_PROCESS_GROUP = 1u << 1,     /* process_group; 0: a new one */
  BROOD_SETUP_NICE = 1u << 2,              /* nice */
  BROOD_SETUP_UMASK = 1u << 3,             /* umask */
  BROOD_SETUP_GROUPS = 1u << 4,            /* groups; there may be none */
  BROOD_SETUP_GROUP_ID = 1u << 5,          /* group_id */
  BROOD_SETUP_USER_ID = 1u << 6,           /* user_id */
  BROOD_SETUP_NO_NEW_PRIVILEGES = 1u << 7, /* exec gives the child no rights */
  BROOD_SETUP_ALL = (1u << 8) - 1
};

/* brood_child_setup: what a child is made of before its target runs, in the way
 * of posix_spawn's attributes. All zero changes nothing. The members mean the
 * same by every method (setup.environment and so on) and take effect in this
 * order:
 *
 * - The streams come first: a small limit of descriptors does not hinder them.
 * - Session, group, nice value, processors and limits come before the ids: they
 *   may need rights that the ids give up.
 * - The supplementary groups, the group and the user are set in this order,
 *   each real, effective and saved. A user_id alone leaves the creator's
 *   supplementary groups.
 * - The directory is entered with the child's own rights. A relative path
 *   begins at the creator's directory.
 * - No new privileges, and then prepare: a function that was registered by
 *   BROOD_PREPARE, by fork any. It runs as the target will, and start waits for
 *   it. A number other than 0, which it returns, makes start fail. It must not
 *   close descriptors that it does not know.
 *
 * The environment replaces the creator's as a whole, for getenv and what the
 * child runs; a spawned image itself was loaded with the creator's. */
typedef struct brood_child_setup {
  unsigned flags;                 /* BROOD_SETUP_..., or 0 */
  char *const *environment;       /* "NAME=value", ended by NULL */
  struct brood_stream streams[3]; /* standard input, output, error */
  int process_group;
  int nice; /* the value itself, -20 to 19: no increment */
  const int *cpus;
  size_t num_cpus; /* 0: as without a setup */
  const brood_limit *limits;
  size_t num_limits;
  unsigned umask;
  const uint32_t *groups;
  size_t num_groups;
  uint32_t group_id;
  uint32_t user_id;
  const char *directory; /* NULL: the creator's */
  brood_callable prepare;
} brood_child_setup;

/* All zero is a process that does nothing and returns 0. */
typedef struct brood_process_options {
  const void *group;       /* must be NULL, as in Python */
  brood_target target;     /* NULL: nothing to run */
  const char *name;        /* NULL or "": "ForkProcess-1" and so on */
  const brood_value *args; /* copied */
  size_t num_args;
  enum brood_daemon daemon;
  const brood_child_setup *setup; /* copied; NULL: nothing is set up */
} brood_process_options;

/* brood_process_new returns a process that has not been started. options NULL
 * is all zero. With context NULL the default's method is looked up when the
 * process starts (process.binds-at-start). The authkey and the daemon flag are
 * taken from the calling process now.
 *
 * BROOD_ASSERTION_ERROR  group is not NULL (ctor.group)
 * BROOD_TYPE_ERROR       args is NULL but num_args is not 0; a value of no
 *                        known type; a NULL string or tuple; an object that
 *                        is none, or has been freed; an unknown daemon or
 *                        setup flag, or kind of stream
 * BROOD_VALUE_ERROR      a name, a number, a size or a depth over its maximum;
 *                        a negative descriptor; a nice value, a processor, or
 *                        a user or group id (UINT32_MAX) that there cannot be
 * BROOD_OS_ERROR         out of memory */
brood_process *brood_process_new(const brood_context *context,
                                 const brood_process_options *options);

/* brood_process_free gives the handle back, closes it, and lets go of the
 * objects among its arguments. NULL is legal. A running process goes on, and is
 * reaped and joined as before. Returns NULL. */
brood_process *brood_process_free(brood_process *process);

/* brood_process_start starts the process. It reaps up to two finished children
 * of the caller. After a failure the process is as before, and start may be
 * tried again; nothing runs, unless it says ECONNRESET: the forkserver was
 * killed after it had been asked, and it cannot be known whether the process
 * ran, or runs. The library itself does not try that a second time. By spawn
 * and forkserver the calling thread needs a stack of 32 KiB. By forkserver
 * directory and environment are the creator's at this start; all else that a
 * process inherits, root (chroot) and processors too, is as at the first one.
 *
 * With a setup it returns when the child is about to run its target, or has
 * failed before: then the message names the member and its value ("working
 * directory '/nope': No such file or directory").
 *
 * BROOD_ASSERTION_ERROR  started already (start.once); made by another
 *                        process (start.foreign); the caller is daemonic
 *                        (daemon.no-children)
 * BROOD_VALUE_ERROR      closed; under spawn and forkserver: the target or
 *                        prepare is not registered, or its name is ambiguous
 * BROOD_TYPE_ERROR       under spawn and forkserver: a pointer argument
 * BROOD_RUNTIME_ERROR    under spawn and forkserver: no brood_init; a set-uid
 *                        program, or a real user or group that is not the
 *                        effective one; a preload function failed. With a
 *                        setup: prepare failed; the child ended, or was
 *                        killed, before its target (setup.killed)
 * BROOD_OS_ERROR         the kernel refused: a member of the setup (its own
 *                        errno); no such executable (ENOENT), too
 *                        many processes (EAGAIN), a full descriptor table
 *                        (EMFILE), an argument's descriptor is not open
 *                        (EBADF), the forkserver was killed while it was
 *                        starting this very process, or twice before it could
 *                        serve (ECONNRESET; also if it ended by itself, as a
 *                        wrong executable does, but the program waits for
 *                        children itself and got that one first) */
int brood_process_start(brood_process *process);

/* brood_process_join waits for the end. 0: it has ended. BROOD_FOREVER waits
 * without limit; -1 polls, as 0 does.
 *
 * BROOD_TIMEOUT          it has not, and the time is over
 * BROOD_ASSERTION_ERROR  not started; not a child of the caller
 * BROOD_VALUE_ERROR      closed
 * BROOD_OS_ERROR         the kernel lets the caller wait neither for the child
 *                        nor for its descriptor */
int brood_process_join(brood_process *process, int64_t timeout_ns);

/* brood_process_is_alive returns 1 or 0. Of oneself: 1.
 *
 * BROOD_ASSERTION_ERROR  not a child of the caller
 * BROOD_VALUE_ERROR      closed */
int brood_process_is_alive(brood_process *process);

/* brood_process_terminate sends SIGTERM, brood_process_kill SIGKILL. No effect
 * on a process that has ended. Any process that holds a copy may call it. Where
 * more than 256 by fork and spawn live, a copy of the oldest may not (EBADF).
 *
 * A child has the signal mask of its creator, under forkserver that which the
 * creator had at the first start. If SIGTERM was blocked then, terminate does
 * nothing. SIGINT is another matter: Ctrl-C sends it to all processes at once,
 * and kills those that cannot clean up. A program that is to stop cleanly
 * blocks SIGINT before its first start, waits for it with sigwait, and tells
 * its workers by an event: examples/clean_stop.c.
 *
 * BROOD_ATTRIBUTE_ERROR  not started
 * BROOD_VALUE_ERROR      closed */
int brood_process_terminate(brood_process *process);
int brood_process_kill(brood_process *process);

/* brood_process_close releases the descriptors of a process that has ended or
 * was never started. Afterwards everything but the name, the daemon flag, the
 * authkey, brood_process_close and brood_process_free is BROOD_VALUE_ERROR.
 *
 * BROOD_VALUE_ERROR  the process is running; it is not harmed */
int brood_process_close(brood_process *process);

/* brood_process_pid returns the pid, or 0 before start.
 *
 * BROOD_VALUE_ERROR  closed */
int brood_process_pid(brood_process *process);

/* brood_process_exitcode returns 1 and writes the exit code (0 to 255, or minus
 * the number of the signal), or returns 0 while there is none: before the
 * start, while it runs, and for any process but the creator. A code that cannot
 * be known is 255. That happens if the program itself waits for children (wait,
 * waitpid(-1), SIGCHLD ignored) and gets this one first: on kernels before
 * Linux 6.15, and on all kernels for one by fork or spawn that has ended before
 * start has returned, and for the oldest of these, once more than 256 live.
 * Before 6.15 it also happens if the forkserver was killed.
 *
 * BROOD_VALUE_ERROR  closed */
int brood_process_exitcode(brood_process *process, int *out_exitcode);

/* brood_process_sentinel returns a descriptor that is readable once the
 * process has ended: a pidfd. It belongs to the handle.
 *
 * BROOD_VALUE_ERROR  not started; closed
 * BROOD_OS_ERROR     the kernel has no pidfds (ENOSYS: older kernels, valgrind
 *                    3.19, gVisor): only join waits there; no descriptor is
 *                    left (EMFILE); the program has closed it (EBADF) */
int brood_process_sentinel(brood_process *process);

/* brood_process_name returns the name, which is valid for the life of the
 * handle, also when another has been set. */
const char *brood_process_name(brood_process *process);

/* brood_process_set_name renames the handle, also after the start. The handle
 * keeps all names that it ever had.
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
 * The kernel kills it when a pipe between the two closes. That does not reach a
 * daemonic process that has closed the descriptors it did not open, or replaced
 * itself by exec; that is PID 1 of a PID namespace; or that has changed its
 * user, other than by its setup, without having been root outside of all user
 * namespaces. If its creator is killed, such a one lives on. The ordinary end
 * of the creator still ends it.
 *
 * BROOD_ASSERTION_ERROR  the process has been started */
int brood_process_set_daemon(brood_process *process, bool daemon);

/* brood_process_authkey returns the key, valid for the life of the handle, also
 * when another has been set, and its size: 32 random bytes made by the first
 * process, inherited.
 *
 * BROOD_ATTRIBUTE_ERROR  the parent's, which only the parent knows */
const void *brood_process_authkey(brood_process *process,
                                  size_t *out_size_bytes);

/* brood_process_set_authkey replaces it; processes made from now on inherit
 * it. The handle keeps all keys that it ever had.
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
 * SIGKILLed parent; the exit code stays unknown. It belongs to the library. In
 * the program's own fork of a child it is still the child's creator. */
brood_process *brood_parent_process(void);

/* brood_active_children reaps finished children and returns how many live,
 * started by this process. Up to capacity handles are written to out (NULL
 * with capacity 0 just counts); each is to be given back with
 * brood_process_free.
 *
 * BROOD_TYPE_ERROR  out is NULL but capacity is not 0 */
int brood_active_children(brood_process **out, size_t capacity);

/* ----------------------------------------------------- Shared objects -- */

/* What is true of every shared object
 *
 * - It lives in memory that processes share, and works in every thread of every
 *   process that it was given to as an argument, whichever context made it and
 *   whichever method started the process (lock.any-method). Under fork it
 *   also works in children that merely inherited the pointer; those must not
 *   use it after its maker has freed it.
 * - brood_OBJECT_new makes one. Context NULL commits the program to its default
 *   start method (default.fixed-by.lock); others make no difference.
 *   BROOD_OS_ERROR: out of memory (ENOMEM: the machine's, or a cgroup's) or
 *   descriptors (EMFILE), or RLIMIT_FSIZE is too small (EFBIG).
 * - brood_OBJECT_free gives the maker's handle back and returns NULL; NULL is
 *   legal. The object goes when no process handle holds it as an argument any
 *   more. In a process that did not make it, free does nothing. Given any
 *   pointer that is no such object, or has been freed, free does nothing but
 *   set BROOD_VALUE_ERROR. All other functions refuse NULL likewise, and a
 *   freed object, unless its memory went with it; but no other pointer.
 * - No waiter waits for ever because a process was killed. A caller that takes
 *   a lock whose holder was killed, or has ended without releasing it, gets it
 *   within 200 ms with BROOD_OWNER_DIED (lock.owner-died, lock.owner-left). The
 *   holder of a Lock is a process, that of an RLock a thread
 *   (rlock.owner-died.thread).
 * - Without contention acquire and release make no system call.
 * - A process that has an object can harm the others that have it, by what it
 *   writes into the object's memory.
 * - A program may close descriptors that it does not know, as daemons do. Its
 *   objects go on working, but it can no longer give them to others (EBADF),
 *   nor put descriptors and objects into a queue. No file that got such a
 *   number is touched.
 */
typedef struct brood_lock brood_lock;
typedef struct brood_rlock brood_rlock;
typedef struct brood_semaphore brood_semaphore;
typedef struct brood_condition brood_condition;
typedef struct brood_event brood_event;
typedef struct brood_barrier brood_barrier;
typedef struct brood_shared_value brood_shared_value;
typedef struct brood_shared_array brood_shared_array;

/* brood_lock: not recursive, and any process may release it. */
brood_lock *brood_lock_new(const brood_context *context);
brood_lock *brood_lock_free(brood_lock *lock);

/* brood_lock_acquire: 0, the caller holds the lock.
 *
 * BROOD_TIMEOUT     another one holds it; or its holder was killed less than
 *                   200 ms ago, and a poll does not know it yet
 * BROOD_OWNER_DIED  the caller holds the lock, as after 0, and releases it as
 *                   usual; its holder before was killed. Only one is told.
 *                   if (r < 0 && r != BROOD_OWNER_DIED) return r; */
int brood_lock_acquire(brood_lock *lock, int64_t timeout_ns);

/* brood_lock_release:
 *
 * BROOD_VALUE_ERROR  the lock is not held (lock.release-free) */
int brood_lock_release(brood_lock *lock);

/* brood_lock_locked returns 1 if the lock is held, else 0. */
int brood_lock_locked(brood_lock *lock);

/* brood_rlock: its holder, a thread, may take it again, and releases it as many
 * times. brood_rlock_acquire and brood_rlock_locked as for a lock.
 *
 * BROOD_OVERFLOW_ERROR  acquire: taken 2^32 - 1 times already */
brood_rlock *brood_rlock_new(const brood_context *context);
brood_rlock *brood_rlock_free(brood_rlock *rlock);
int brood_rlock_acquire(brood_rlock *rlock, int64_t timeout_ns);
int brood_rlock_locked(brood_rlock *rlock);

/* brood_rlock_release:
 *
 * BROOD_ASSERTION_ERROR  the caller does not hold it (rlock.foreign) */
int brood_rlock_release(brood_rlock *rlock);

/* brood_semaphore_new returns a semaphore that up to value callers hold at a
 * time and that may be released beyond value, brood_bounded_semaphore_new one
 * that may not. The units that a killed process holds are lost.
 *
 * BROOD_OS_ERROR        a negative value (EINVAL)
 * BROOD_OVERFLOW_ERROR  over BROOD_MAX_SEMAPHORE */
brood_semaphore *brood_semaphore_new(const brood_context *context,
                                     int64_t value);
brood_semaphore *brood_bounded_semaphore_new(const brood_context *context,
                                             int64_t value);
brood_semaphore *brood_semaphore_free(brood_semaphore *semaphore);

/* brood_semaphore_acquire:
 *
 * BROOD_TIMEOUT  the value stayed 0 */
int brood_semaphore_acquire(brood_semaphore *semaphore, int64_t timeout_ns);

/* brood_semaphore_release:
 *
 * BROOD_VALUE_ERROR  beyond the value that a bounded semaphore began with
 *                    (bounded.over), or beyond BROOD_MAX_SEMAPHORE */
int brood_semaphore_release(brood_semaphore *semaphore);

/* brood_semaphore_get_value returns the value at this moment. */
int brood_semaphore_get_value(brood_semaphore *semaphore);

/* brood_condition_new returns a condition over a lock, an rlock, or with NULL
 * an rlock of its own.
 *
 * BROOD_ATTRIBUTE_ERROR  lock is neither */
brood_condition *brood_condition_new(const brood_context *context, void *lock);
brood_condition *brood_condition_free(brood_condition *condition);

/* brood_condition_acquire and brood_condition_release are the lock's own. */
int brood_condition_acquire(brood_condition *condition, int64_t timeout_ns);
int brood_condition_release(brood_condition *condition);

/* brood_condition_wait gives the lock up, however often it is held, waits to be
 * notified, and takes it back: 0. A waiter that has ended takes no
 * notification from those who live.
 *
 * BROOD_TIMEOUT          not notified; the lock is held again
 * BROOD_OWNER_DIED       notified or not, the lock is held, and a process that
 *                        held it meanwhile was killed
 * BROOD_ASSERTION_ERROR  the caller does not hold the lock (cond.wait-unowned)
 * BROOD_RUNTIME_ERROR    BROOD_MAX_WAITERS wait already */
int brood_condition_wait(brood_condition *condition, int64_t timeout_ns);

/* brood_predicate: what brood_condition_wait_for waits to become non-zero. */
typedef int (*brood_predicate)(void *argument);

/* brood_condition_wait_for waits until the predicate, called with the lock
 * held, returns non-zero, and returns the last value that it returned: 0 if the
 * time is over. A negative value counts as an error of the predicate's. If it
 * is non-zero at once, the lock need not even be held. Errors as
 * brood_condition_wait, without BROOD_TIMEOUT. */
int brood_condition_wait_for(brood_condition *condition,
                             brood_predicate predicate, void *argument,
                             int64_t timeout_ns);

/* brood_condition_notify wakes the n that have waited longest, or all that
 * wait; brood_condition_notify_all wakes all. Neither waits for a waiter. A
 * notification without waiters is not remembered.
 *
 * BROOD_ASSERTION_ERROR  the caller does not hold the lock
 *                        (cond.notify-unowned)
 * BROOD_VALUE_ERROR      n is negative */
int brood_condition_notify(brood_condition *condition, int n);
int brood_condition_notify_all(brood_condition *condition);

/* brood_event_new makes a flag that is not set; brood_event_is_set reads it.
 * brood_event_set and brood_event_clear never wait (but for watched ones, see
 * below). */
brood_event *brood_event_new(const brood_context *context);
brood_event *brood_event_free(brood_event *event);
int brood_event_is_set(brood_event *event); /* 1 or 0 */
int brood_event_set(brood_event *event);
int brood_event_clear(brood_event *event);

/* brood_event_wait: 0, the flag is set, or was for a moment during the wait
 * (event.pulse).
 *
 * BROOD_TIMEOUT  it was not */
int brood_event_wait(brood_event *event, int64_t timeout_ns);

/* brood_watched_event_new makes one for a program with a loop of its own:
 * brood_event_fileno returns a descriptor (poll, epoll, brood_wait) that is
 * readable while the flag is set (event.fileno), in each process that has the
 * event. It stays the event's: valid in this process as long as the handle,
 * close-on-exec, only to be waited for. A process that is killed in
 * brood_event_set or brood_event_clear may leave it readable in vain, until one
 * calls brood_event_is_set or brood_event_clear. Such an event has a file and
 * two sockets of its own; each change of its flag costs some system calls, and
 * waits until another that is under way is done. To look at it, or to wait for
 * it, may take 200 ms longer if a stopped process is changing it.
 *
 * BROOD_ATTRIBUTE_ERROR  fileno: an event made otherwise, or a manager's
 *                        (managed-event.fileno)
 * BROOD_OS_ERROR         the program has closed it (EBADF): also of set, which
 *                        then has set nothing */
brood_event *brood_watched_event_new(const brood_context *context);
int brood_event_fileno(brood_event *event);

/* brood_barrier_new returns a barrier for so many parties. One of them calls
 * action, registered with BROOD_ACTION or NULL, each time before all are let
 * go. timeout_ns is that of each wait that gives none itself.
 *
 * BROOD_VALUE_ERROR  parties is not in 1 to BROOD_MAX_PARTIES; the action is
 *                    not registered, or its name is ambiguous or longer than 63
 *                    bytes */
brood_barrier *brood_barrier_new(const brood_context *context, int parties,
                                 brood_callable action, int64_t timeout_ns);
brood_barrier *brood_barrier_free(brood_barrier *barrier);

/* brood_barrier_wait waits until all parties do, and returns this one's index,
 * 0 to parties - 1. BROOD_FOREVER stands for the barrier's own timeout. A party
 * that times out, fails in the action, or is killed while it waits (within 200
 * ms) breaks the barrier for all.
 *
 * BROOD_BROKEN_BARRIER  broken, or reset while waiting; or the time was over
 *                       before all of the round before had left: that breaks
 *                       nothing
 * BROOD_RUNTIME_ERROR   this party called the action, which failed (the message
 *                       has its number) or is not registered here */
int brood_barrier_wait(brood_barrier *barrier, int64_t timeout_ns);

/* brood_barrier_abort breaks the barrier; brood_barrier_reset makes it whole
 * and breaks it for the parties that wait now. brood_barrier_parties,
 * brood_barrier_n_waiting and brood_barrier_broken look at it. */
int brood_barrier_abort(brood_barrier *barrier);
int brood_barrier_reset(brood_barrier *barrier);
int brood_barrier_parties(brood_barrier *barrier);
int brood_barrier_n_waiting(brood_barrier *barrier);
int brood_barrier_broken(brood_barrier *barrier); /* 1 or 0 */

/* A shared value is one variable, a shared array several of one type; each is
 * memory and a lock that guards it. A process reads and writes the memory
 * through a pointer, between acquire and release:
 *
 *   int *number = brood_shared_value_get_obj(counter);
 *   int r = brood_shared_value_acquire(counter, BROOD_FOREVER);
 *   if (r < 0 && r != BROOD_OWNER_DIED) return r;
 *   *number += 1;
 *   brood_shared_value_release(counter);
 *
 * The next holder sees all that was written before the release. The pointer
 * itself takes no lock: without one an access may be torn, or lost to another
 * thread's or process's, unless the memory is that of a lock-free atomic type.
 *
 * The parameter lock is a lock, an rlock or a semaphore; NULL for a new rlock;
 * BROOD_NO_LOCK for none. It lives as long as the memory that it guards
 * (value.lock-dropped). Python's RawValue and RawArray are those with
 * BROOD_NO_LOCK of any concrete context: they commit the program to no
 * method. */
extern const char brood_no_lock_[1];
#define BROOD_NO_LOCK ((void *)brood_no_lock_)

/* brood_shared_value_new returns a variable of the C type that a typecode of
 * Python stands for:
 *
 *   c char    b signed char    B unsigned char    u wchar_t
 *   h short   H unsigned short i int  I unsigned  l long  L unsigned long
 *   q int64_t Q uint64_t       f float            d double
 *
 * All its bytes are zero (value.zero-again). A maker that wants another value
 * at first writes it before it shares the object.
 *
 * BROOD_TYPE_ERROR       no such typecode (value.codes-unknown)
 * BROOD_ATTRIBUTE_ERROR  lock is nothing that can be acquired (value.lock-bad)
 */
brood_shared_value *brood_shared_value_new(const brood_context *context,
                                           char typecode, void *lock);

/* brood_shared_value_new_sized returns one of any other C type, a structure
 * perhaps (value.structure): size_bytes bytes, all zero.
 *
 * BROOD_VALUE_ERROR      no bytes, or more than BROOD_MAX_SHARED
 * BROOD_ATTRIBUTE_ERROR  as above */
brood_shared_value *brood_shared_value_new_sized(const brood_context *context,
                                                 int64_t size_bytes,
                                                 void *lock);
brood_shared_value *brood_shared_value_free(brood_shared_value *value);

/* brood_shared_value_get_obj returns the variable itself, aligned for every
 * type (value.obj). Every process that has the object has this memory, at an
 * address of its own: a pointer written into it means nothing to others. The
 * pointer is for all threads of the calling process, and under fork for its
 * children. It is valid as long as the object may be used: in its maker until
 * brood_shared_value_free, and then while a process handle holds it as an
 * argument; in a target until the process ends; if the object was received,
 * until brood_value_clear. */
void *brood_shared_value_get_obj(brood_shared_value *value);

/* brood_shared_value_typecode returns the typecode that the value was made
 * with, also to a process that received it; 0 for one made by its size.
 * brood_shared_value_itemsize returns the bytes of the variable. */
int brood_shared_value_typecode(brood_shared_value *value);
int64_t brood_shared_value_itemsize(brood_shared_value *value);

/* brood_shared_value_get_lock returns the lock that guards it: the very object
 * that was given, or the brood_rlock that was made for it, the same each time
 * (value.lock-given, value.lock-same); NULL, with brood_error() == BROOD_OK, if
 * there is none. It belongs to the value; brood_kind_of tells what it is. */
void *brood_shared_value_get_lock(brood_shared_value *value);

/* brood_shared_value_acquire and brood_shared_value_release are that lock's own
 * (value.acquire), with its errors, BROOD_OWNER_DIED among them; the lock
 * decides whether a thread or a process holds it, and whether it may be taken
 * again.
 *
 * BROOD_ATTRIBUTE_ERROR  nothing guards the value */
int brood_shared_value_acquire(brood_shared_value *value, int64_t timeout_ns);
int brood_shared_value_release(brood_shared_value *value);

/* brood_shared_array_new returns length elements of a typecode, all bytes zero
 * (array.size, array.zero-again). The length is fixed, and may be 0. Otherwise
 * as brood_shared_value_new.
 *
 * BROOD_VALUE_ERROR  a negative length (array.negative), or over
 *                    BROOD_MAX_SHARED bytes */
brood_shared_array *brood_shared_array_new(const brood_context *context,
                                           char typecode, int64_t length,
                                           void *lock);
brood_shared_array *brood_shared_array_free(brood_shared_array *array);

/* brood_shared_array_get_obj returns the first element; the others lie behind
 * it as in any array of C (array.obj). Nothing checks an index: the length is
 * what brood_shared_array_length returns. Otherwise as
 * brood_shared_value_get_obj. */
void *brood_shared_array_get_obj(brood_shared_array *array);

/* brood_shared_array_length returns the number of elements;
 * brood_shared_array_typecode their typecode; brood_shared_array_itemsize the
 * bytes of one. A process that received the array is told the same. */
int64_t brood_shared_array_length(brood_shared_array *array);
int brood_shared_array_typecode(brood_shared_array *array);
int64_t brood_shared_array_itemsize(brood_shared_array *array);

/* brood_shared_array_get_lock, brood_shared_array_acquire and
 * brood_shared_array_release are as those of a shared value (array.lock-given,
 * array.acquire). One lock guards all elements. */
void *brood_shared_array_get_lock(brood_shared_array *array);
int brood_shared_array_acquire(brood_shared_array *array, int64_t timeout_ns);
int brood_shared_array_release(brood_shared_array *array);

/* ------------------------------------------------------------- Messages -- */

/* What is true of everything that pipes and queues carry
 *
 * - A message is one brood_value, any but a pointer. Strings and bytes are
 *   copied; a descriptor is open in the receiver under a number of its own,
 *   whatever the sender does with its own meanwhile; an object is the same
 *   object there (pipe.sends-objects, queue.sends-objects). All this is true of
 *   the items of a tuple.
 * - An object that was sent stays for its receiver, freed or not. The memory of
 *   one that is no queue, connection or large array is not used again before
 *   its maker ends. An array is large from 1,048,496 bytes on.
 * - A message arrives whole or not at all, whichever process is killed at
 *   whatever moment (pipe.killed-writer, queue.killed-producer).
 * - Errors of sending; nothing is sent then. BROOD_TYPE_ERROR: a pointer, a
 *   NULL string or tuple, an object that is none. BROOD_VALUE_ERROR: over
 *   BROOD_MAX_MESSAGE or BROOD_MAX_DEPTH, or more than 253 descriptors. A tuple
 *   needs one for each descriptor, connection and large array in it, three for
 *   each queue, one for the small objects that one process made (more, if it
 *   made thousands), and one if it is large itself. BROOD_OS_ERROR: the
 *   descriptor is not open (EBADF), no memory (ENOMEM), more than RLIMIT_FSIZE
 *   (EFBIG), too many descriptors under way (ETOOMANYREFS).
 * - The receiver owns a received value, and frees it by brood_value_clear.
 */

/* brood_value_clear frees the memory of a received string or bytes, closes a
 * received descriptor, frees a received connection, gives any other received
 * object back, which must not be used any more then, and makes the value none.
 * A receiver that wants to keep one of these keeps the value instead; a string
 * or bytes are for free(). A tuple is cleared as a whole, with all that is in
 * it: to keep one item, copy it. A value that holds none of these becomes none
 * as well: clear whatever was received, and begin with brood_none(), which a
 * call that fails leaves as it is. */
void brood_value_clear(brood_value *value);

/* brood_value_copy makes a copy of a value, received or not, that owns what is
 * in it, for brood_value_clear: strings and bytes are copied, descriptors are
 * duplicated, a connection is one more handle of the same end, and any other
 * object stays here as long as if it had been received once more; but what a
 * fork's child inherited goes with its maker's handle all the same.
 *
 * A pointer stays the same. Errors as of sending, and BROOD_OS_ERROR: no
 * descriptors are left (EMFILE) */
int brood_value_copy(const brood_value *value, brood_value *out_copy);

/* ---------------------------------------------------------------- Pipes -- */

/* brood_connection: one end of a pipe. It belongs to the process that made or
 * received it; sent to another process or given as an argument, it arrives as
 * one more handle of the same end. Several processes may write and read one
 * end: each message goes to one of the readers. Under fork a child has copies
 * of all its parent's, and the other side sees the end of file when the last
 * copy is closed. */
typedef struct brood_connection brood_connection;

enum {
  BROOD_UNIDIRECTIONAL = 1u << 2, /* brood_pipe_new: from second to first */
  BROOD_READABLE = 1u << 3,       /* brood_connection_new: for receiving, */
  BROOD_WRITABLE = 1u << 4        /* for sending; 0 is both */
};

/* brood_pipe_new makes two connections, each of which receives what the other
 * one sends; with BROOD_UNIDIRECTIONAL the first only receives and the second
 * only sends (pipe.one-way). It commits the program to no method.
 *
 * BROOD_TYPE_ERROR  an output is NULL; an unknown flag
 * BROOD_OS_ERROR    no descriptors (EMFILE) or memory (ENOMEM) are left */
int brood_pipe_new(const brood_context *context, unsigned flags,
                   brood_connection **out_first, brood_connection **out_second);

/* brood_connection_new takes a descriptor that brood_connection_fileno
 * returned, here or in a process that sent it. A connection that has it open
 * here keeps it, and the new one gets a copy.
 *
 * BROOD_VALUE_ERROR  a negative descriptor
 * BROOD_TYPE_ERROR   an unknown flag
 * BROOD_OS_ERROR     not open (EBADF), or no end of a pipe (EPROTOTYPE,
 *                    ENOTSOCK); it is not taken */
brood_connection *brood_connection_new(int descriptor, unsigned flags);

/* brood_connection_close closes this handle of the end. A second call does
 * nothing (conn.close-twice); any other function then returns BROOD_OS_ERROR
 * (EBADF, conn.closed). brood_connection_free closes it and returns NULL; NULL
 * is legal. */
int brood_connection_close(brood_connection *connection);
brood_connection *brood_connection_free(brood_connection *connection);

/* brood_connection_closed, brood_connection_readable and
 * brood_connection_writable work on a closed connection too. */
int brood_connection_closed(brood_connection *connection);   /* 1 or 0 */
int brood_connection_readable(brood_connection *connection); /* 1 or 0 */
int brood_connection_writable(brood_connection *connection); /* 1 or 0 */

/* brood_connection_fileno returns the descriptor, which stays the
 * connection's. It is readable when there is a message, or the end of file. */
int brood_connection_fileno(brood_connection *connection);

/* brood_connection_send sends one value. It waits while the other side has a
 * few hundred kilobytes, or a few hundred messages, unread. A string, bytes or
 * a tuple of more than 96 KiB travel in a memfd, and count as the smallest
 * message. Later messages through this handle use it again: processes that read
 * one end trust each other not to keep it and look or write there.
 *
 * BROOD_OS_ERROR  the other end is closed everywhere (EPIPE, or ECONNRESET if
 *                 it had not read all: conn.broken-pipe); only for receiving
 *                 (EBADF, conn.read-only)
 * BROOD_TIMEOUT   no room; nothing was sent
 * besides what all sending has */
int brood_connection_send(brood_connection *connection, brood_value value,
                          int64_t timeout_ns);

/* brood_connection_send_bytes sends size bytes of a buffer, from offset on;
 * BROOD_ALL is the rest. The same as sending brood_bytes of that part.
 *
 * BROOD_VALUE_ERROR  a negative offset or size, or the part is not inside of
 *                    the buffer (conn.slice-errors)
 * BROOD_TYPE_ERROR   buffer is NULL but its size is not 0
 * besides the errors of brood_connection_send */
int brood_connection_send_bytes(brood_connection *connection,
                                const void *buffer, size_t buffer_size,
                                int64_t offset, int64_t size,
                                int64_t timeout_ns);

/* brood_connection_recv receives one value.
 *
 * BROOD_EOF       the other end is closed everywhere, and all is read; again
 *                 each time (conn.eof)
 * BROOD_TIMEOUT   there is no message
 * BROOD_OS_ERROR  only for sending (EBADF, conn.write-only); the other end was
 *                 closed with something unread in it (ECONNRESET); no message
 *                 of Brood's (EBADMSG); what the message carries does not fit
 *                 into the table of descriptors (EMFILE). The last two lose the
 *                 message. No memory (ENOMEM): the next call gets it */
int brood_connection_recv(brood_connection *connection, brood_value *out_value,
                          int64_t timeout_ns);

/* brood_connection_recv_bytes receives bytes, as a value of BROOD_TYPE_BYTES;
 * a string counts as its bytes. maxlength BROOD_ALL: however many.
 *
 * BROOD_VALUE_ERROR  maxlength is negative
 * BROOD_OS_ERROR     the message is longer (EMSGSIZE, conn.max-exceeded): it is
 *                    lost, and the connection cannot receive any more; one that
 *                    only received is closed
 * BROOD_TYPE_ERROR   the message is neither; it is lost
 * besides the errors of brood_connection_recv */
int brood_connection_recv_bytes(brood_connection *connection,
                                brood_value *out_bytes, int64_t maxlength,
                                int64_t timeout_ns);

/* brood_connection_recv_bytes_into receives bytes into a buffer, from offset
 * on, and writes how many.
 *
 * BROOD_VALUE_ERROR       offset is negative, or beyond the buffer
 *                         (conn.into-offset)
 * BROOD_BUFFER_TOO_SHORT  the message does not fit: it has been received, and
 *                         brood_error_data() has it (conn.into-short)
 * besides the errors of brood_connection_recv_bytes */
int brood_connection_recv_bytes_into(brood_connection *connection, void *buffer,
                                     size_t buffer_size, int64_t offset,
                                     size_t *out_size, int64_t timeout_ns);

/* brood_connection_poll returns 1 if the connection has something to receive,
 * the end of file included, else 0 when the time is over. It must be
 * readable. */
int brood_connection_poll(brood_connection *connection, int64_t timeout_ns);

/* brood_wait waits for any of several things: connections
 * (brood_object(connection)), and descriptors and sentinels
 * (brood_descriptor(…)). It returns how many are ready, 0 when the time is
 * over, and writes their indexes in ascending order to out_ready, which has
 * room for all (wait.order). The end of file is ready too.
 *
 * BROOD_OS_ERROR     a connection is closed (EBADF, wait.closed)
 * BROOD_VALUE_ERROR  a descriptor is not open
 * BROOD_TYPE_ERROR   a value is neither; an array is NULL */
int brood_wait(const brood_value *objects, size_t num_objects,
               size_t *out_ready, int64_t timeout_ns);

/* --------------------------------------------------------------- Queues -- */

/* What is true of every queue
 *
 * - It is a shared object, like a lock, and works in processes of every method,
 *   whichever context made it (queue.any-method). It costs a process three
 *   descriptors.
 * - Items are in shared memory when put returns: the process may end, or be
 *   killed, and they are still there (queue.put-is-done). There is no feeder
 *   thread: no process waits for a flush, and joining a producer before reading
 *   its items is no deadlock (queue.join-before-drain).
 * - Consumers get the items of one thread in the order in which it put them.
 * - A killed process stops no other. The item that it was putting is there as a
 *   whole or not at all. The item that it was getting is still there, or gone
 *   as a whole if the process was killed between taking it and the return of
 *   get (queue.killed-consumer).
 * - It holds maxsize items, or any number with a maxsize of 0 or less, but no
 *   more than BROOD_MAX_QUEUE bytes of them, up to 16 bytes for each item
 *   included; less than RLIMIT_FSIZE, if that was less when it was made. An
 *   item larger than BROOD_MAX_ITEM is kept in a memfd and counts as 16 bytes;
 *   so is one of 256 KiB or more that finds no room otherwise. A queue holds a
 *   few hundred of these, and of items with descriptors and objects. A queue at
 *   one of these limits is full.
 * - In a queue with a maxsize of 32 or more, a put that had to wait may return
 *   up to 5 ms after room appeared, in a full one without maxsize up to 1 s;
 *   without that pause producers and consumers would alternate.
 * - Errors of all. BROOD_VALUE_ERROR: no such queue, or it has been closed in
 *   this process (queue.closed-put, queue.closed-get). BROOD_TIMEOUT: another
 *   process, which is stopped perhaps, holds the queue, and the caller did not
 *   see that it is empty, or full. Therefore a put or get that polls may take
 *   up to 200 ms; with BROOD_FOREVER there is no BROOD_TIMEOUT.
 * - Nobody is told that there is no producer, or no consumer, left. A consumer
 *   is stopped by an item that means so, a brood_none() for each. A process
 *   that waits for results of others gets with a timeout, and looks in between
 *   whether they live; or it waits for brood_queue_fileno and their sentinels
 *   by brood_wait; or it has them send through pipes.
 */
typedef struct brood_queue brood_queue;

/* brood_queue_new and brood_joinable_queue_new return a queue; a joinable one
 * also counts the items that are done with. Both treat context as other shared
 * objects do.
 *
 * BROOD_OVERFLOW_ERROR  maxsize is over BROOD_MAX_MAXSIZE */
brood_queue *brood_queue_new(const brood_context *context, int64_t maxsize);
brood_queue *brood_joinable_queue_new(const brood_context *context,
                                      int64_t maxsize);
brood_queue *brood_queue_free(brood_queue *queue);

/* brood_queue_put puts one item; brood_queue_put_nowait polls.
 *
 * BROOD_FULL     no room; nothing was put
 * BROOD_TIMEOUT  another process holds the queue; nothing was put
 * besides what all sending has */
int brood_queue_put(brood_queue *queue, brood_value item, int64_t timeout_ns);
int brood_queue_put_nowait(brood_queue *queue, brood_value item);

/* brood_queue_get gets the oldest item, for brood_value_clear;
 * brood_queue_get_nowait polls.
 *
 * BROOD_EMPTY     there is none
 * BROOD_TIMEOUT   another process holds the queue; there may be items
 * BROOD_OS_ERROR  no memory (ENOMEM), no room in the table of descriptors for
 *                 what the item carries (EMFILE): the item stays in the queue.
 *                 An item in a memfd that cannot be read is lost */
int brood_queue_get(brood_queue *queue, brood_value *out_item,
                    int64_t timeout_ns);
int brood_queue_get_nowait(brood_queue *queue, brood_value *out_item);

/* brood_queue_put_many puts items in their order, perhaps with other producers'
 * between them, and returns how many: fewer than all if the time is over or one
 * cannot be put. Errors as brood_queue_put, if not even the first was.
 *
 * BROOD_TYPE_ERROR   items is NULL but num_items is not 0
 * BROOD_VALUE_ERROR  num_items is over BROOD_MAX_MAXSIZE */
int brood_queue_put_many(brood_queue *queue, const brood_value *items,
                         size_t num_items, int64_t timeout_ns);

/* brood_queue_get_many waits for an item, and gets what is there, up to
 * capacity; returns how many. They were put one after the other. It gets no
 * more once it has 64 KiB of them. A tuple comes alone, and so does an item
 * that is in a memfd, or has descriptors. Errors as brood_queue_get.
 *
 * BROOD_TYPE_ERROR   out_items is NULL
 * BROOD_VALUE_ERROR  capacity is 0, or over BROOD_MAX_MAXSIZE */
int brood_queue_get_many(brood_queue *queue, brood_value *out_items,
                         size_t capacity, int64_t timeout_ns);

/* brood_queue_qsize returns how many items there are now; brood_queue_empty
 * whether there are none, 0 as soon as a put has returned anywhere
 * (queue.empty-is-true); brood_queue_full whether there are maxsize. */
int brood_queue_qsize(brood_queue *queue);
int brood_queue_empty(brood_queue *queue);
int brood_queue_full(brood_queue *queue);

/* brood_queue_fileno returns a descriptor, for a program with a loop of its own
 * (poll, epoll, brood_wait), that is readable while there are items
 * (queue.fileno). It stays the queue's: valid in this process as long as the
 * handle, close-on-exec, only to be waited for. Whoever finds it readable polls
 * by brood_queue_get_nowait: BROOD_EMPTY means that another process was
 * quicker, or that one was killed while it put or got an item. From the first
 * call on, in whichever process, each put into the empty queue and each get of
 * the last item costs a few system calls more, as long as the queue exists.
 *
 * BROOD_TIMEOUT          another process holds the queue
 * BROOD_OS_ERROR         the program has closed it (EBADF); also of a put
 * BROOD_ATTRIBUTE_ERROR  the queue is a manager's (managed-queue.fileno) */
int brood_queue_fileno(brood_queue *queue);

/* brood_queue_close says that this process will put and get no more. It may
 * still say what is done (joinable.closed-done). A second call does nothing. */
int brood_queue_close(brood_queue *queue);

/* brood_queue_join_thread returns at once: there is no thread, and nothing to
 * flush. brood_queue_cancel_join_thread does nothing, and loses nothing.
 *
 * BROOD_ASSERTION_ERROR  join_thread: not closed (queue.join-thread-open) */
int brood_queue_join_thread(brood_queue *queue);
int brood_queue_cancel_join_thread(brood_queue *queue);

/* brood_queue_task_done: the caller is done with an item of a joinable queue.
 *
 * BROOD_VALUE_ERROR      all items ever put are done with already
 *                        (joinable.too-many)
 * BROOD_ATTRIBUTE_ERROR  not a joinable queue */
int brood_queue_task_done(brood_queue *queue);

/* brood_queue_join waits until all items ever put are done with.
 *
 * BROOD_TIMEOUT          they are not
 * BROOD_OWNER_DIED       they are, but for items that processes got which have
 *                        ended since; within 200 ms (joinable.owner-died), at
 *                        each call until somebody says that they are done. A
 *                        queue knows 255 living getters at a time
 * BROOD_ATTRIBUTE_ERROR  not a joinable queue */
int brood_queue_join(brood_queue *queue, int64_t timeout_ns);

/* brood_simple_queue_new to brood_simple_queue_close: a queue with no limit on
 * items, no timeouts and nothing to join.
 *
 * BROOD_OS_ERROR  closed in this process (EBADF, simple.closed), instead of
 *                 BROOD_VALUE_ERROR */
typedef struct brood_simple_queue brood_simple_queue;

brood_simple_queue *brood_simple_queue_new(const brood_context *context);
brood_simple_queue *brood_simple_queue_free(brood_simple_queue *queue);
int brood_simple_queue_put(brood_simple_queue *queue, brood_value item);
int brood_simple_queue_get(brood_simple_queue *queue, brood_value *out_item);
int brood_simple_queue_empty(brood_simple_queue *queue); /* 1 or 0 */
int brood_simple_queue_fileno(brood_simple_queue *queue);
int brood_simple_queue_close(brood_simple_queue *queue);

/* ----------------------------------------------------------------- Tasks -- */

/* brood_task: a function that a pool's workers call, with arguments that are
 * one level less deep than others may be, as its value is. It ends with
 *
 *   return brood_return(value);             the value is copied here and now
 *   return brood_raise(code, "text %d", n); it has failed
 *   return 0;                               its value is none
 *
 * Any other number is a failure too: a negative one with the message of this
 * thread's last error, if that has this code; a positive one is the program's
 * own. The arguments are borrowed, and live until it returns. */
typedef int (*brood_task)(const brood_args *args);

struct brood_task_entry {
  const char *name;
  brood_task function;
  struct brood_task_entry *next;
};

/* BROOD_TASK(function); beside a function registers it, as BROOD_TARGET does.
 * Under every method tasks travel by name. */
void brood_register_task(struct brood_task_entry *entry);
#define BROOD_TASK(function) \
  BROOD_REGISTER_(function, brood_task_entry, brood_register_task)

/* brood_return copies the value of the task that runs in this thread, instead
 * of one copied before; returns 0.
 *
 * BROOD_RUNTIME_ERROR  no task runs in this thread
 * besides what all sending has: the task may return something else */
int brood_return(brood_value value);

/* brood_raise returns code, having kept the text as this thread's last error;
 * code 0 counts as BROOD_RUNTIME_ERROR. */
int brood_raise(int code, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* brood_task_soft_limit returns 1 once the soft time limit of the task that
 * runs in this process is over, else 0. SIGUSR1 tells the worker: system calls
 * that wait return EINTR then. Calls of this library go on waiting; a task with
 * a soft limit gives them a timeout. A task that does not look goes on until
 * the hard limit (limit.soft). */
int brood_task_soft_limit(void);

/* ----------------------------------------------------------------- Pools -- */

/* What is true of every pool
 *
 * - It has a supervisor, a process that starts the workers, replaces those that
 *   end, and enforces limits, whether anybody waits or not. There is no thread
 *   in this process, unless a task has a callback.
 * - A task is begun at most once, in the order in which tasks were given
 *   (task.fifo). Each one that was given has an outcome: its value, its
 *   failure, or that it was lost, terminated or cancelled. No caller waits for
 *   ever for one, whichever process is killed.
 * - A worker that ends in the middle of a task costs this task alone, which is
 *   reported within 200 ms (lost.task), and is replaced (lost.replaced).
 * - Results wait for their takers: in the pool, BROOD_MAX_QUEUE bytes of them,
 *   then the workers wait. Each call that waits, or looks, takes out what there
 *   is, for all handles.
 * - The workers end with the process that made the pool, SIGKILL included, the
 *   busy ones too (pool.owner-killed).
 * - It belongs to that process: in any other, a forked child for instance, all
 *   calls but brood_pool_free are BROOD_ASSERTION_ERROR (pool.foreign). It
 *   cannot be an argument or a message.
 * - Workers are daemonic, ignore SIGINT, have SIGTERM's default action, and are
 *   children of the supervisor; their parent process is the one that made the
 *   pool (pool.parent). Under fork each begins with the memory of the moment in
 *   which the pool was made (pool.shared-moment), unless the supervisor itself
 *   was killed meanwhile. None is among the active children.
 * - A thread that waits for a result can be cancelled within a second.
 */
typedef struct brood_pool brood_pool;
typedef struct brood_async_result brood_async_result;
typedef struct brood_imap brood_imap;

#define BROOD_MAX_WORKERS 1023
#define BROOD_MAX_PENDING 65536 /* chunks given, and not done */

enum {
  BROOD_NO_THREAD = 1u << 5, /* callbacks only in calls that wait or handle */
  BROOD_UNORDERED = 1u << 6  /* brood_pool_imap: values as they come */
};

/* All zero is a pool of as many workers as this process has processors. */
typedef struct brood_pool_options {
  int processes;
  brood_task initializer;             /* in each worker, before its tasks */
  brood_value initargs;               /* a tuple of arguments, or none */
  int64_t maxtasksperchild;           /* chunks, then the worker leaves */
  int64_t max_memory_per_child_bytes; /* it leaves after a task with more */
  int64_t soft_limit_ns;              /* of each chunk: see above */
  int64_t hard_limit_ns;              /* its worker is ended */
  int64_t idle_timeout_ns; /* a worker without work for so long leaves, and one
                              comes back when there is some */
  int64_t grace_ns;        /* from SIGTERM to SIGKILL; 0: half a second */
  int max_restarts;        /* of workers that ended in disorder, */
  int64_t restart_window_ns; /* in such a time, or before their first task; 0:
                                100 for each, in 1 s */
  unsigned flags;            /* BROOD_NO_THREAD */
} brood_pool_options;

/* brood_pool_new makes a pool, whose workers are being started. options NULL is
 * all zero. With context NULL it commits the program to its default start
 * method.
 *
 * BROOD_VALUE_ERROR      over BROOD_MAX_WORKERS processes; a negative number
 *                        (pool.size, recycle.bad); the initializer is not
 *                        registered, or its name ambiguous
 * BROOD_TYPE_ERROR       initargs is neither; an unknown flag
 * BROOD_ASSERTION_ERROR  the caller is daemonic (pool.daemonic)
 * BROOD_RUNTIME_ERROR, BROOD_OS_ERROR  as brood_process_start */
brood_pool *brood_pool_new(const brood_context *context,
                           const brood_pool_options *options);

/* brood_pool_free terminates a pool that is not closed, joins it, and returns
 * NULL, which is legal. Handles of results stay valid. It is what leaving a
 * `with` block does in Python; never in a callback. */
brood_pool *brood_pool_free(brood_pool *pool);

/* brood_pool_close: there are no more tasks; workers leave when those that were
 * given are done. brood_pool_terminate: likewise, and tasks that are not done
 * are BROOD_TERMINATED at once; workers get SIGTERM, after grace_ns SIGKILL. It
 * returns when none is left. Both may be called again, and in a callback. */
int brood_pool_close(brood_pool *pool);
int brood_pool_terminate(brood_pool *pool);

/* brood_pool_join waits until all workers have ended; all results are ready
 * then, and their callbacks called (pool.close-results, callback.one).
 *
 * BROOD_VALUE_ERROR  neither closed nor terminated (pool.join-open)
 * BROOD_TIMEOUT      they have not */
int brood_pool_join(brood_pool *pool, int64_t timeout_ns);

/* A callback is called once, before any other thread sees that the result is
 * ready; it may look at the result, give tasks, close or terminate the pool. It
 * is called in a thread of the pool's own, made for the first task with one,
 * and in threads that wait; one at a time, in the order in which the tasks were
 * done, unless a callback waits itself (callback.order). What it returns, if
 * not 0, is logged and changes nothing (callback.fails). */
typedef int (*brood_callback)(brood_async_result *result, void *argument);

/* All zero: no callbacks, and the limits of the pool. */
typedef struct brood_task_options {
  brood_callback callback;       /* the task succeeded */
  brood_callback error_callback; /* it did not */
  void *argument;
  int64_t soft_limit_ns; /* 0: the pool's; negative: none (limit.own) */
  int64_t hard_limit_ns;
} brood_task_options;

/* brood_pool_apply_async gives one task, with a tuple of arguments, or none. It
 * waits while BROOD_MAX_PENDING chunks, or BROOD_MAX_QUEUE bytes of them, are
 * not done.
 *
 * BROOD_VALUE_ERROR  the pool is closed or terminated (pool.closed); the task
 *                    is not registered, or its name is ambiguous
 *                    (task.unregistered)
 * BROOD_TYPE_ERROR   args is neither
 * BROOD_BROKEN_POOL  it is
 * besides what all sending has: nothing is given then (task.unserialisable) */
brood_async_result *brood_pool_apply_async(brood_pool *pool, brood_task task,
                                           brood_value args,
                                           const brood_task_options *options);

/* brood_pool_map_async gives a task for each item: a tuple is its arguments
 * (starmap.values), any other item the only one. One worker does chunksize of
 * them, one after the other; BROOD_ALL is the items divided by four times the
 * workers, rounded up. Each item is done, whatever becomes of the others of its
 * chunk (map.every-item), unless its worker is lost. If an item cannot be sent
 * nothing more is given; what was begun before runs to its end.
 *
 * BROOD_VALUE_ERROR  chunksize is 0 or negative (map.chunk-bad)
 * BROOD_TYPE_ERROR   items is NULL but num_items is not 0
 * besides the errors of brood_pool_apply_async */
brood_async_result *brood_pool_map_async(brood_pool *pool, brood_task task,
                                         const brood_value *items,
                                         size_t num_items, int64_t chunksize,
                                         const brood_task_options *options);

/* brood_pool_apply and brood_pool_map do the same, and wait. What they write,
 * of a map a value for each item, is for brood_value_clear; values before one
 * that cannot be copied (BROOD_OS_ERROR) become none. After BROOD_TIMEOUT the
 * tasks go on, and their results are dropped; if there was no room for all in
 * time, what is not begun is not done. Errors of both calls. */
int brood_pool_apply(brood_pool *pool, brood_task task, brood_value args,
                     brood_value *out_value, int64_t timeout_ns);
int brood_pool_map(brood_pool *pool, brood_task task, const brood_value *items,
                   size_t num_items, int64_t chunksize, brood_value *out_values,
                   int64_t timeout_ns);

/* --------------------------------------------------------------- Results -- */

/* brood_async_result_free gives the handle back and returns NULL, which is
 * legal; the task goes on (result.dropped). */
brood_async_result *brood_async_result_free(brood_async_result *result);

/* brood_async_result_ready returns 1 or 0; brood_async_result_successful too.
 *
 * BROOD_VALUE_ERROR  successful: not ready (result.successful-early) */
int brood_async_result_ready(brood_async_result *result);
int brood_async_result_successful(brood_async_result *result);

/* brood_async_result_wait: 0, it is ready.
 *
 * BROOD_TIMEOUT  it is not */
int brood_async_result_wait(brood_async_result *result, int64_t timeout_ns);

/* brood_async_result_get waits, and writes a copy of the value, of a map a
 * tuple of all values, as often as it is asked. brood_async_result_item borrows
 * one value of a map that is ready, until the result is freed, whatever became
 * of the others (map.items-outcome).
 *
 * BROOD_TIMEOUT      get: not ready, the task goes on (result.get-timeout)
 * BROOD_VALUE_ERROR  item: not ready
 * BROOD_INDEX_ERROR  item: there is none
 * BROOD_TASK_ERROR, BROOD_WORKER_LOST, BROOD_TIME_LIMIT, BROOD_TERMINATED,
 * BROOD_CANCELLED, BROOD_BROKEN_POOL, BROOD_ENCODING_ERROR  there is no value,
 *                    of a map the first one in order (map.first-error) */
int brood_async_result_get(brood_async_result *result, brood_value *out_value,
                           int64_t timeout_ns);
int brood_async_result_item(brood_async_result *result, size_t index,
                            const brood_value **out_value);

/* Why a task has no value. */
typedef struct brood_failure {
  int code;         /* what it returned; or BROOD_WORKER_LOST ... */
  const char *name; /* "ValueError", "WorkerLostError"; "error 3" of 3 */
  const char *text; /* what it said; of a lost worker how it ended */
  int64_t index;    /* of a map or an iteration: of the item */
  int worker_pid;   /* 0: no worker had begun it */
  int exitcode;     /* of a lost worker, as of a process (lost.exitcode) */
} brood_failure;

/* brood_task_failure returns what this thread's last failure tells of a task;
 * NULL if it was of another kind. It is valid until the thread's next call that
 * fails. */
const brood_failure *brood_task_failure(void);

/* brood_async_result_cancel takes back what no worker has begun, which is
 * BROOD_CANCELLED: 1, that is all of it; 0, some or all is begun or done.
 * brood_async_result_terminate does so, and ends the workers that run the rest,
 * as brood_pool_terminate does: it is BROOD_TERMINATED. */
int brood_async_result_cancel(brood_async_result *result);
int brood_async_result_terminate(brood_async_result *result);

/* brood_async_result_wait_any waits until any of several results of one pool is
 * ready. It returns how many are, 0 when the time is over, and writes their
 * indexes in ascending order to out_ready, which has room for all
 * (result.wait-any).
 *
 * BROOD_VALUE_ERROR  they are not all of one pool, or there is none */
int brood_async_result_wait_any(brood_async_result *const *results,
                                size_t num_results, size_t *out_ready,
                                int64_t timeout_ns);

/* ------------------------------------------------------------- Iterating -- */

/* brood_source gives items one by one: 1, one was written, which belongs to the
 * pool and is cleared by it; 0, there are no more; negative, it failed with
 * that number: that is the outcome at this place, as if a task had returned it,
 * and the end. */
typedef int (*brood_source)(void *argument, brood_value *out_item);

/* All zero: no items. */
typedef struct brood_imap_options {
  brood_source source; /* or else */
  void *argument;
  const brood_value *items; /* borrowed until the iterator is freed */
  size_t num_items;
  int64_t chunksize;  /* 0: 1 */
  int64_t buffersize; /* items given and not yet returned, at most; 0: four
                         chunks for each worker (imap.lazy) */
  unsigned flags;     /* BROOD_UNORDERED */
} brood_imap_options;

/* brood_pool_imap returns an iterator. It gives the first items at once, others
 * when values are asked for, and calls the source in the thread that does so.
 * Errors as brood_pool_map_async. */
brood_imap *brood_pool_imap(brood_pool *pool, brood_task task,
                            const brood_imap_options *options);

/* brood_imap_next: 1, the next value, in order or as they come, for
 * brood_value_clear; 0, there are no more. The failure of an item is returned
 * in its place, and iteration goes on (imap.error); so it does if it cannot be
 * sent, which is a failure of its whole chunk. Of several threads each value
 * goes to one (imap.threads). The timeout does not limit the source.
 *
 * BROOD_TIMEOUT  it is not ready, or there was no room in the pool to give its
 *                item; the next call waits for the same one */
int brood_imap_next(brood_imap *imap, brood_value *out_value,
                    int64_t timeout_ns);

/* brood_imap_free takes back what is not begun, and drops the rest. */
brood_imap *brood_imap_free(brood_imap *imap);

/* ----------------------------------------------------------- Its workers -- */

/* brood_pool_worker_pids writes up to capacity, and returns how many live.
 *
 * BROOD_TYPE_ERROR  out_pids is NULL but capacity is not 0 */
int brood_pool_worker_pids(brood_pool *pool, int *out_pids, size_t capacity);

/* brood_pool_grow has n more workers started; brood_pool_shrink has n leave
 * that are idle; brood_pool_restart has each one leave, and be replaced,
 * as soon as it has no task; it waits half a second at most for those without
 * one.
 *
 * BROOD_VALUE_ERROR  n is not positive; over BROOD_MAX_WORKERS; shrink: fewer
 *                    than n are idle, or none would be left: nothing changes */
int brood_pool_grow(brood_pool *pool, int n);
int brood_pool_shrink(brood_pool *pool, int n);
int brood_pool_restart(brood_pool *pool);

/* brood_pool_terminate_job ends a worker by SIGTERM, after grace_ns by SIGKILL;
 * its task is BROOD_TERMINATED.
 *
 * BROOD_VALUE_ERROR  no worker of this pool's has that pid */
int brood_pool_terminate_job(brood_pool *pool, int worker_pid);

/* For a program with a loop of its own: brood_pool_fileno returns a descriptor
 * of the pool's that is readable when there is something to handle;
 * brood_pool_handle takes results out and calls callbacks, waits for one if
 * there is none, and returns how many became ready. A result has no descriptor:
 * the pool's tells of all its results, and brood_async_result_ready, or a
 * callback, which of them it was.
 *
 * BROOD_OS_ERROR  no descriptor is left for it (EMFILE) */
int brood_pool_fileno(brood_pool *pool);
int brood_pool_handle(brood_pool *pool, int64_t timeout_ns);

/* -------------------------------------------------------------- Managers -- */

/* What is true of every manager
 *
 * - A manager keeps objects for processes that share no memory of them. They
 *   live in its server, a process of its own that the manager's maker owns and
 *   that ends with it, SIGKILL included (manager.owner-killed). It has one
 *   thread. Without an address nobody reaches it who was not given a proxy.
 * - A proxy is a handle of such an object. It is an argument of processes of
 *   every method, a task's argument, a message, an item, and a value inside of
 *   other objects of the same manager, where it stays the same object
 *   (proxy.nested). Locks, rlocks, semaphores, conditions, events, barriers and
 *   queues of a manager are handles for the functions of those in shared
 *   memory: brood_lock_acquire works on both. brood_kind_of tells what a handle
 *   is of, brood_OBJECT_free gives it back.
 * - What is fetched is a copy: changing it changes nothing there (proxy.copy).
 * - One call is one step: nobody sees half of it, and no two are done at once
 *   (manager.one-step). A call that waits holds up no other
 *   (manager.concurrent).
 * - Values are none, booleans, integers, doubles, strings, bytes, tuples of
 *   these, and proxies of the same manager, BROOD_MAX_DEPTH - 2 deep. Keys are
 *   these without doubles and proxies; true and 1 are the same key.
 *   BROOD_TYPE_ERROR: something else, a descriptor or a shared object.
 * - Nobody waits for ever because a process was killed. When one ends, what it
 *   held is given on, a lock with BROOD_OWNER_DIED, and the units of a
 *   semaphore; its own waits are called off, and take no item and no
 *   notification with them (managed-queue.killed-getter). A barrier that it
 *   waited at breaks.
 * - An object goes when no process has a proxy of it, none is under way, and no
 *   other object has it as a value; one that has a name goes with the server.
 *   Two that have each other go with the server as well. A thread that
 *   frees a proxy may wait for the server, as a call does.
 * - A child of a bare fork may use the proxies that it inherited while its
 *   parent does, on a connection of its own (proxy.bare-fork).
 * - A proxy that was received and not used yet is in each child by fork too,
 *   whose copy counts until it ends: in the processes of a pool, a manager or a
 *   connection as well, if these are made by fork meanwhile.
 * - The server ignores SIGINT and SIGTERM, as those who are to stop may need it
 *   until they have (manager.terminate): shutdown ends it, or its maker's end.
 * - Errors of all calls. BROOD_OS_ERROR: the server is gone (ECONNRESET, EPIPE;
 *   again each time, and nobody waits for one that is) or has no descriptor
 *   left, or the caller has none, or no memory (EMFILE, ENOMEM); what pop took
 *   out then is lost. BROOD_VALUE_ERROR: the handle is no such proxy, or has
 *   been freed, or over 253 proxies would go at once. BROOD_RUNTIME_ERROR: the
 *   caller is that server itself, in a method, or an initializer.
 *
 * Source: multiprocessing.managers; what is different is in decision 018.
 */
typedef struct brood_manager brood_manager;

/* All zero: nothing but a server. */
typedef struct brood_manager_options {
  const char *name;       /* of its process; NULL: "SyncManager" */
  brood_task initializer; /* runs in the server, before it serves */
  brood_value initargs;   /* a tuple, or none */
  const char *address;    /* NULL: none; see "Managers with an address" */
  const void *authkey;    /* NULL: brood_process_authkey of this process */
  size_t authkey_size;
} brood_manager_options;

/* brood_manager_new returns a manager that serves; options NULL is all zero.
 * Context NULL commits the program to its default start method
 * (default.fixed-by.manager).
 *
 * BROOD_RUNTIME_ERROR  the initializer failed, with its text
 *                      (manager.initializer-fails)
 * BROOD_TYPE_ERROR     initargs are neither
 * besides what brood_process_start has */
brood_manager *brood_manager_new(const brood_context *context,
                                 const brood_manager_options *options);

/* brood_manager_shutdown ends the server, and with it all its objects; one that
 * has not ended within a second, as in a method that does not return, is killed
 * (manager.shutdown-stopped). A second call does nothing. brood_manager_free
 * does so as well, gives the handle back and returns NULL. In a process that
 * did not make the manager, free does nothing.
 *
 * BROOD_ASSERTION_ERROR  made by another process */
int brood_manager_shutdown(brood_manager *manager);
brood_manager *brood_manager_free(brood_manager *manager);

/* brood_manager_pid returns the server's process id, of a manager that was
 * connected 0. brood_manager_number_of_objects returns how many objects there
 * are. */
int brood_manager_pid(brood_manager *manager);
int64_t brood_manager_number_of_objects(brood_manager *manager);

/* Managers with an address
 *
 * A program that is to be reached by others links //lib:brood_net besides,
 * which needs libsodium; without it an address is BROOD_RUNTIME_ERROR.
 *
 * - "unix:PATH" is a socket file of mode 0600, for processes of the same user
 *   (remote.mode); "tcp://HOST:PORT" is for all who reach the host, an IPv6
 *   address as HOST in brackets, port 0 being any that is free.
 * - Before anything else client and server prove to each other, by HMAC-SHA-256
 *   over random numbers of both and over who proves it, that they have the same
 *   authkey; neither sends it (auth.wrong). What follows is neither
 *   hidden nor protected from somebody who can change what is on the wire: use
 *   a tunnel there. A process that has the key may do all that a client can.
 * - A process of its own lets clients in: what strangers do costs the server
 *   nothing. Of connections that have not proven anything it keeps
 *   BROOD_MAX_STRANGERS, reads at most 72 bytes of each, and drops it after
 *   BROOD_STRANGER_SECONDS, or sooner if too many newer ones come.
 * - Who connects has a session as any process with proxies. Over tcp a process
 *   of its own carries its calls; processes to which it gives proxies call
 *   through that, and lose the server when it ends, or connect themselves
 *   before they use one. All types work, as they do on one host; there a thread
 *   that ends without releasing what it holds is noticed only when its process
 *   ends.
 * - A host that vanishes is noticed within BROOD_VANISHED_SECONDS; then its
 *   clients have ended for the server, and the server for them.
 * - The socket file goes with the server, SIGKILL of it or of its owner
 *   included (remote.file-gone). One that is left, as when the machine went
 *   down, or the process that lets clients in was killed, gives way to a new
 *   one; if anybody listens there it is in use. A path is taken as it is when
 *   the manager is made.
 */
#define BROOD_MAX_STRANGERS 128
#define BROOD_STRANGER_SECONDS 5
#define BROOD_VANISHED_SECONDS 30

/* brood_manager_connect returns a manager of a server that runs elsewhere, by
 * its address and authkey; other options mean nothing. The context is that of
 * the process that tcp needs. brood_manager_shutdown and brood_manager_free
 * leave the server as it is (remote.client-shutdown); once all managers of
 * this process for it are shut down, what it has there is given back, and its
 * calls are ECONNRESET, unless it had used a proxy before it connected: then
 * it goes on as it did. Both sides are of one version of this library.
 *
 * BROOD_AUTHENTICATION_ERROR  the server has another key; it stays as it was
 *                             (auth.wrong)
 * BROOD_VALUE_ERROR           no address, or of no known form; the authkey is
 *                             empty (auth.empty)
 * BROOD_OS_ERROR              nobody listens (ECONNREFUSED, ENOENT), or answers
 *                             within BROOD_STRANGER_SECONDS (ETIMEDOUT); it is
 *                             no server, or ended (EPROTO, ECONNRESET); unix:
 *                             another user's (EPERM), or in another PID
 *                             namespace, where tcp has to be used (EXDEV)
 * BROOD_RUNTIME_ERROR         //lib:brood_net is not linked */
brood_manager *brood_manager_connect(const brood_context *context,
                                     const brood_manager_options *options);

/* brood_manager_serve is a server in the calling thread and process
 * (remote.serve), until the descriptor `stop` is readable or hangs up; -1: for
 * ever. ready, which may be NULL, is told the address when clients can connect.
 * Signals are the program's. Errors as brood_manager_new and
 * brood_manager_connect.
 *
 * BROOD_OS_ERROR  the address is in use (EADDRINUSE), by brood_manager_new also
 *                 (remote.in-use), or cannot be had */
int brood_manager_serve(const brood_context *context,
                        const brood_manager_options *options, int stop,
                        void (*ready)(const char *address, void *argument),
                        void *argument);

/* brood_manager_address returns the address, with the port that was given to it
 * (remote.tcp), until the manager is freed; NULL if it has none, when
 * brood_error is BROOD_OK. */
const char *brood_manager_address(brood_manager *manager);

/* brood_manager_OBJECT makes an object, as brood_OBJECT_new does, or with a
 * name finds the one of that name and kind, making it if there is none
 * (manager.named); NULL stands for a new one without a name. A condition's lock
 * is a lock or an rlock of the same manager, or NULL for an rlock of its own.
 *
 * BROOD_TYPE_ERROR       the name is that of an object of another kind
 *                        (manager.named-type)
 * BROOD_VALUE_ERROR      the name has over BROOD_MAX_OBJECT_NAME bytes; else as
 *                        brood_OBJECT_new
 * BROOD_ASSERTION_ERROR  the manager was made by another process */
#define BROOD_MAX_OBJECT_NAME 255
brood_lock *brood_manager_lock(brood_manager *manager, const char *name);
brood_rlock *brood_manager_rlock(brood_manager *manager, const char *name);
brood_semaphore *brood_manager_semaphore(brood_manager *manager,
                                         const char *name, int64_t value);
brood_semaphore *brood_manager_bounded_semaphore(brood_manager *manager,
                                                 const char *name,
                                                 int64_t value);
brood_condition *brood_manager_condition(brood_manager *manager,
                                         const char *name, void *lock);
brood_event *brood_manager_event(brood_manager *manager, const char *name);
brood_barrier *brood_manager_barrier(brood_manager *manager, const char *name,
                                     int parties, int64_t timeout_ns);
brood_queue *brood_manager_queue(brood_manager *manager, const char *name,
                                 int64_t maxsize);
brood_queue *brood_manager_joinable_queue(brood_manager *manager,
                                          const char *name, int64_t maxsize);

/* Where a managed object differs from one in shared memory: who waits for a
 * lock, a semaphore, a condition or a queue gets it in the order in which they
 * came. A queue has no limit of bytes, and no close; brood_queue_put_many and
 * brood_queue_get_many make a call for each item, so that calls of others may
 * come between. An item whose getter is killed before the call has returned
 * goes to another. */

/* ----------------------------------------------------------- Dictionaries --
 */

/* brood_manager_dict makes or finds one, as above. */
typedef struct brood_dict brood_dict;
brood_dict *brood_manager_dict(brood_manager *manager, const char *name);
brood_dict *brood_dict_free(brood_dict *dict);

/* brood_dict_set sets a key's value; brood_dict_get fetches it, for
 * brood_value_clear, as all that is fetched here; brood_dict_pop fetches and
 * removes it; brood_dict_delete removes it.
 *
 * BROOD_KEY_ERROR   get, pop, delete: no such key (dict.missing)
 * BROOD_TYPE_ERROR  nothing that can be a key, or a value */
int brood_dict_set(brood_dict *dict, brood_value key, brood_value value);
int brood_dict_get(brood_dict *dict, brood_value key, brood_value *out_value);
int brood_dict_pop(brood_dict *dict, brood_value key, brood_value *out_value);
int brood_dict_delete(brood_dict *dict, brood_value key);

/* brood_dict_setdefault returns 1 if the key is new and has this value now, 0
 * if it was there; out_value, which may be NULL, is what it has. */
int brood_dict_setdefault(brood_dict *dict, brood_value key, brood_value value,
                          brood_value *out_value);

/* brood_dict_contains returns 1 or 0; brood_dict_length how many keys there
 * are; brood_dict_clear removes all. */
int brood_dict_contains(brood_dict *dict, brood_value key);
int64_t brood_dict_length(brood_dict *dict);
int brood_dict_clear(brood_dict *dict);

/* brood_dict_popitem takes the key that was set first last, and its value, as a
 * tuple of two.
 *
 * BROOD_KEY_ERROR  the dictionary is empty */
int brood_dict_popitem(brood_dict *dict, brood_value *out_pair);

/* brood_dict_update sets many, which are tuples of a key and a value, in one
 * step. brood_dict_items fetches all such tuples in a tuple, brood_dict_keys
 * and brood_dict_values one half of them, in the order in which the keys were
 * first set (dict.order). */
int brood_dict_update(brood_dict *dict, const brood_value *pairs,
                      size_t num_pairs);
int brood_dict_items(brood_dict *dict, brood_value *out_pairs);
int brood_dict_keys(brood_dict *dict, brood_value *out_keys);
int brood_dict_values(brood_dict *dict, brood_value *out_values);

/* brood_dict_compare_set sets a value if the key has the one that is expected,
 * none standing for no such key, and returns 1; or 0, and nothing has changed
 * (dict.compare-set). brood_dict_add adds to an integer, to 0 if there is no
 * such key, and writes the sum. Both spare a lock, and Python has neither.
 *
 * BROOD_TYPE_ERROR      add: the value is no integer
 * BROOD_OVERFLOW_ERROR  add: the sum is none */
int brood_dict_compare_set(brood_dict *dict, brood_value key,
                           brood_value expected, brood_value value);
int brood_dict_add(brood_dict *dict, brood_value key, int64_t number,
                   int64_t *out_sum);

/* ------------------------------------------------------------------ Lists --
 */

/* brood_manager_list makes or finds one, as above. An index below 0 counts from
 * the end. */
typedef struct brood_list brood_list;
brood_list *brood_manager_list(brood_manager *manager, const char *name);
brood_list *brood_list_free(brood_list *list);

/* brood_list_get, brood_list_set and brood_list_delete are about one item.
 * brood_list_pop fetches and removes it. brood_list_insert puts one before the
 * index, at the beginning or the end if that is beyond it.
 *
 * BROOD_INDEX_ERROR  there is no such item; not of insert (list.index) */
int brood_list_get(brood_list *list, int64_t index, brood_value *out_value);
int brood_list_set(brood_list *list, int64_t index, brood_value value);
int brood_list_delete(brood_list *list, int64_t index);
int brood_list_pop(brood_list *list, int64_t index, brood_value *out_value);
int brood_list_insert(brood_list *list, int64_t index, brood_value value);

/* brood_list_append and brood_list_extend put one, or several in one step, at
 * the end. brood_list_clear removes all, brood_list_reverse turns the order
 * round. brood_list_sort sorts numbers, or strings, or bytes, or tuples of
 * such, stably; of others it is BROOD_TYPE_ERROR, and the order stays. */
int64_t brood_list_length(brood_list *list);
int brood_list_append(brood_list *list, brood_value value);
int brood_list_extend(brood_list *list, const brood_value *values,
                      size_t num_values);
int brood_list_clear(brood_list *list);
int brood_list_reverse(brood_list *list);
int brood_list_sort(brood_list *list);

/* brood_list_remove removes the first item that is equal; brood_list_index
 * returns its index, brood_list_count how many there are. As in Python 1, 1.0
 * and true are equal.
 *
 * BROOD_VALUE_ERROR  remove, index: no item is (list.find) */
int brood_list_remove(brood_list *list, brood_value value);
int64_t brood_list_index(brood_list *list, brood_value value);
int64_t brood_list_count(brood_list *list, brood_value value);

/* brood_list_slice fetches the items from start up to stop as a tuple;
 * brood_list_set_slice puts others in their place, any number (list.set-slice).
 * Either end is moved inside of the list; BROOD_ALL as stop is its end. */
int brood_list_slice(brood_list *list, int64_t start, int64_t stop,
                     brood_value *out_values);
int brood_list_set_slice(brood_list *list, int64_t start, int64_t stop,
                         const brood_value *values, size_t num_values);

/* ----------------------------------------------- Namespace, Value, Array -- */

/* A namespace has values under names.
 *
 * BROOD_ATTRIBUTE_ERROR  get, delete: no such name (namespace.missing) */
typedef struct brood_namespace brood_namespace;
brood_namespace *brood_manager_namespace(brood_manager *manager,
                                         const char *name);
brood_namespace *brood_namespace_free(brood_namespace *space);
int brood_namespace_set(brood_namespace *space, const char *attribute,
                        brood_value value);
int brood_namespace_get(brood_namespace *space, const char *attribute,
                        brood_value *out_value);
int brood_namespace_delete(brood_namespace *space, const char *attribute);

/* A managed value has whatever is written into it (managed-value.any). A
 * managed array has numbers of one of Python's typecodes, but u and c, and of
 * L and Q up to INT64_MAX, as values are; and a fixed length; get and set as of
 * a list.
 *
 * BROOD_TYPE_ERROR      array: no such typecode; a value of another type
 *                       (managed-array.type)
 * BROOD_OVERFLOW_ERROR  array: a number that the type has not */
typedef struct brood_managed_value brood_managed_value;
brood_managed_value *brood_manager_value(brood_manager *manager,
                                         const char *name, brood_value value);
brood_managed_value *brood_managed_value_free(brood_managed_value *value);
int brood_managed_value_get(brood_managed_value *value, brood_value *out_value);
int brood_managed_value_set(brood_managed_value *value, brood_value new_value);

typedef struct brood_managed_array brood_managed_array;
brood_managed_array *brood_manager_array(brood_manager *manager,
                                         const char *name, char typecode,
                                         const brood_value *items,
                                         size_t num_items);
brood_managed_array *brood_managed_array_free(brood_managed_array *array);
int64_t brood_managed_array_length(brood_managed_array *array);
int brood_managed_array_get(brood_managed_array *array, int64_t index,
                            brood_value *out_value);
int brood_managed_array_set(brood_managed_array *array, int64_t index,
                            brood_value value);

/* ---------------------------------------------- Types of the program's own --
 */

/* A type that servers make objects of: its functions run in the server, one at
 * a time (register.one-at-a-time), so none may wait for another. create, which
 * may be NULL, makes *out_self of its arguments; destroy, which may be NULL,
 * gets it when the object goes, or the manager is shut down. A method gets it
 * and arguments, and ends as a task does (brood_return, brood_raise). Only what
 * stands in methods can be called (register.exposed). */
struct brood_managed_method {
  const char *name;
  int (*function)(void *self, const brood_args *args);
};

struct brood_managed_type {
  const char *name;
  int (*create)(void **out_self, const brood_args *args);
  void (*destroy)(void *self);
  const struct brood_managed_method *methods; /* one without a name ends them */
  struct brood_managed_type *next;
};

/* BROOD_MANAGED_TYPE(variable); beside a static struct brood_managed_type
 * registers it, as BROOD_TARGET does a target. */
void brood_register_managed_type(struct brood_managed_type *type);
#define BROOD_MANAGED_TYPE(type)                                           \
  static void BROOD_CONSTRUCTOR type##_brood_register_managed_type(void) { \
    brood_register_managed_type(&(type));                                  \
  }                                                                        \
  struct brood_swallows_a_semicolon_

/* brood_manager_create makes an object of a registered type, or finds the one
 * of that name. brood_proxy_call calls a method with arguments, a tuple;
 * out_value may be NULL.
 *
 * BROOD_VALUE_ERROR      create: the server has no such type
 *                        (register.unknown); call: what it returned is nested
 *                        too deep
 * BROOD_ATTRIBUTE_ERROR  call: no such method (register.hidden)
 * BROOD_TYPE_ERROR       the arguments are no tuple
 * BROOD_REMOTE_ERROR     call: what it returned cannot be sent
 *                        (register.result)
 *
 * Any other error is what the function returned, with its text. */
typedef struct brood_proxy brood_proxy;
brood_proxy *brood_manager_create(brood_manager *manager, const char *name,
                                  const char *type_name, brood_value args);
int brood_proxy_call(brood_proxy *proxy, const char *method, brood_value args,
                     brood_value *out_value);
brood_proxy *brood_proxy_free(brood_proxy *proxy);

/* ------------------------------------------- Trust, and what is noticed -- */

/* Whom a process trusts
 *
 * - Processes that share an object trust each other. The object lies in memory
 *   that each of them can write to: one that is hostile, or writes where it
 *   should not, can have the others wait for ever, read nonsense or crash.
 * - A process does not believe what comes through a pipe. It checks every kind,
 *   size and number, and bounds them; nothing in a message is an address. But
 *   an object that comes through a pipe is shared from then on, as above.
 * - Strangers have nothing to connect to: nothing listens at a file, a port or
 *   an abstract name, but for a manager that was given an address. A process
 *   has an object only if another one gave it that, or it has the authkey.
 * - A forkserver serves only processes with its own users and groups. One that
 *   gave up its rights gets a server of its own.
 * - A set-uid program, or one with other rights that its caller lacks, starts
 *   processes by fork only, and refuses to run as a child or a forkserver.
 * - A process that may trace another one (ptrace, /proc/PID/mem) owns it, and
 *   all that it shares.
 *
 * Which ends are noticed
 *
 * A process that waits for another one, to release a lock, come to a barrier or
 * finish the items of a joinable queue, learns within 200 ms that it has ended.
 * For that it has to see the end. Where it cannot, the other process counts as
 * alive, and the waiter waits, rather than take a lock from a living holder. It
 * does not see:
 *
 * - any end, if there was no /proc when it first used an object;
 * - the end of a process that /proc hides (hidepid), or does not show because
 *   it has gone since (chroot): not before its parent has waited for it, and
 *   not once another process has its number. It sees those of its children;
 * - any end, if the process or the one that ended is in another PID or time
 *   namespace than the first process of all;
 * - after a restore from a checkpoint, the end of a process whose number
 *   another one has.
 *
 * A holder that calls exec has ended as a holder, if the others may look at its
 * new program. If a process is killed after it made a change and before it woke
 * the waiters, these see it within a second.
 */

#pragma GCC visibility pop

#ifdef __cplusplus
}
#endif

#endif /* BROOD_H */
