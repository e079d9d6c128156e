/* SPDX-License-Identifier: MIT
 *
 * The supervisor of a pool: it starts workers, replaces those that ended, says
 * which chunks were lost with them, and ends those whose time is over. It calls
 * no function of the program's, waits for no room in a queue, and believes what
 * a dead worker has written only where board.h says.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include "lib/start/process.h"
#include "lib/state/error.h"
#include "lib/state/registry.h"
#include "lib/sync/self.h"
#include "lib/sys/clock.h"
#include "lib/sys/libc.h"
#include "lib/sys/proc.h"
#include "lib/work/board.h"

/* How soon what could not be done now is tried again. */
#define AGAIN_NS INT64_C(10000000)

struct member {
  struct board_worker *worker; /* its place on the board */
  brood_process *process;      /* NULL: none of ours */
  int64_t kill_ns;             /* when SIGKILL follows; 0: never */
  uint32_t beginners;          /* of the board, when it was started */
  bool has_ended;              /* and is not reported yet */
};

static struct {
  struct crew crew;
  const brood_args *args;
  const brood_context *context;
  brood_connection *look;
  struct member members[BROOD_MAX_WORKERS];
  struct member *end; /* of those that are in use, and some that are not */
  int64_t window_ns;  /* since when restarts are counted */
  int32_t restarts;
  uint32_t beginners; /* of the board, then */
  int64_t wake_ns;    /* when there is something to do next */
} all;

/* A process that is killed while it writes the reason leaves a part of it: the
 * next one that finds the pool broken says so all the same. */
void board_break(struct board *board, const char *format, ...) {
  if (atomic_exchange(&board->has_reason, 1) == 0) {
    va_list values;
    va_start(values, format);
    vsnprintf(board->reason, sizeof board->reason, format, values);
    va_end(values);
  }
  atomic_store(&board->state, BOARD_BROKEN);
}

static bool is_free(const struct member *member) {
  return member->process == NULL && atomic_load(&member->worker->process) == 0;
}

static uint32_t state(void) {
  return atomic_load(&all.crew.board->state);
}

static void wake_at(int64_t time_ns) {
  if (time_ns < all.wake_ns) all.wake_ns = time_ns;
}

/* ---------------------------------------------------------------- Ending -- */

static void signal_member(struct member *member, int signal_number) {
  process_lock(member->process);
  process_signal(member->process, signal_number);
  process_unlock(member->process);
}

/* SIGTERM now, and SIGKILL when the grace is over. */
static void end_member(struct member *member) {
  if (member->kill_ns != 0) return;
  signal_member(member, SIGTERM);
  member->kill_ns = sys_clock_deadline(all.crew.board->options.grace_ns);
}

/* From here on the worker sends no outcome of this chunk, and takes no other.
 * Why is written first: another supervisor may have to say it. */
static bool end_chunk(struct member *member, uint64_t chunk, int why) {
  atomic_store(&member->worker->why, why);
  bool is_ending = atomic_compare_exchange_strong(&member->worker->current,
                                                  &chunk, chunk | BOARD_ENDING);
  if (is_ending) end_member(member);
  return is_ending;
}

static void heed_limits(struct member *member) {
  struct board_worker *worker = member->worker;
  uint64_t chunk = atomic_load(&worker->current);
  int64_t soft_ns = atomic_load(&worker->soft_ns);
  int64_t hard_ns = atomic_load(&worker->hard_ns);
  int64_t now_ns = sys_clock_ns();
  if (chunk == 0 || chunk & BOARD_ENDING ||
      atomic_load(&worker->current) != chunk) {
    return;
  }
  bool is_soft_over = soft_ns == 0 || atomic_load(&worker->soft_for) == chunk;
  if (!is_soft_over && now_ns >= soft_ns) {
    atomic_store(&worker->soft_for, chunk);
    signal_member(member, SIGUSR1);
  } else if (!is_soft_over) {
    wake_at(soft_ns);
  }
  if (hard_ns == 0) return;
  if (now_ns < hard_ns) {
    wake_at(hard_ns);
  } else {
    end_chunk(member, chunk, BROOD_TIME_LIMIT);
  }
}

/* What the program has asked for. */
static void heed_request(struct member *member) {
  struct board_worker *worker = member->worker;
  uint64_t chunk = atomic_exchange(&worker->end_for, 0);
  if (chunk == 0) return;
  if ((chunk & BOARD_ANY) == 0) {
    end_chunk(member, chunk, BROOD_TERMINATED);
    return;
  }
  if ((int32_t)chunk != atomic_load(&worker->pid)) return;
  do { /* it may be done with one, and take another */
    chunk = atomic_load(&worker->current);
  } while (chunk != 0 && !end_chunk(member, chunk, BROOD_TERMINATED));
  end_member(member);
}

static void watch_member(struct member *member) {
  if (state() >= BOARD_TERMINATING) end_member(member);
  heed_request(member);
  heed_limits(member);
  if (member->kill_ns == 0) return;
  if (sys_clock_ns() >= member->kill_ns) {
    brood_process_kill(member->process);
    wake_at(sys_clock_ns() + AGAIN_NS);
  } else {
    wake_at(member->kill_ns);
  }
}

/* ---------------------------------------------------------------- Deaths -- */

static void describe(char text[128], int error, int exitcode) {
  const char *why = error == BROOD_TIME_LIMIT   ? "its time limit was over"
                    : error == BROOD_TERMINATED ? "it was terminated"
                                                : "worker exited prematurely";
  if (exitcode < 0) {
    snprintf(text, 128, "%s: signal %d (SIG%s)", why, -exitcode,
             sys_signal_name(-exitcode));
  } else {
    snprintf(text, 128, "%s: exitcode %d", why, exitcode);
  }
}

/* Says what became of the chunk of a worker that has ended; false if there is
 * no room to say that now. */
static bool report(const struct member *member, int exitcode) {
  struct board_worker *worker = member->worker;
  uint64_t chunk = atomic_load(&worker->current);
  uint32_t who = (uint32_t)(member - all.members) + 1;
  if (chunk == 0 ||
      !board_is_claimed_by(all.crew.board, (uint32_t)chunk, who)) {
    return true;
  }
  bool was_ended = (chunk & BOARD_ENDING) != 0;
  struct outcome_head head = {
      .number = (uint32_t)chunk,
      .error = was_ended ? atomic_load(&worker->why) : BROOD_WORKER_LOST,
      .worker_pid = atomic_load(&worker->pid),
      .exitcode = exitcode};
  char text[128];
  describe(text, head.error, exitcode);
  brood_value words[] = {brood_bytes(&head, sizeof head), brood_string(text)};
  int r = brood_queue_put(all.crew.results, brood_tuple(words, 2), 0);
  if (r == 0) crew_ring(&all.crew);
  return r == 0;
}

/* Workers that ended in disorder are counted: too many in a while, and no
 * worker is to be had. The while goes on as long as each one dies before its
 * first task: how many do so in a second is a matter of the machine. */
static void count_restart(const char *last, bool is_death) {
  const brood_pool_options *options = &all.crew.board->options;
  uint32_t beginners = atomic_load(&all.crew.board->beginners);
  int64_t now_ns = sys_clock_ns();
  bool is_over = now_ns - all.window_ns > options->restart_window_ns;
  bool is_last = atomic_load(&all.crew.board->live) == 0;
  if ((is_death || is_last) && beginners == all.beginners) {
    is_over = all.window_ns == 0;
  }
  if (is_over) {
    all.window_ns = now_ns;
    all.restarts = 0;
    all.beginners = beginners;
  }
  if (++all.restarts <= options->max_restarts) return;
  board_break(all.crew.board,
              "%d workers ended in disorder within %" PRId64 " ms: %s",
              all.restarts, (now_ns - all.window_ns) / 1000000, last);
}

/* Clears the place of a worker that has ended. */
static void clear_place(struct board_worker *worker) {
  atomic_store(&worker->current, 0);
  atomic_store(&worker->soft_ns, 0);
  atomic_store(&worker->hard_ns, 0);
  atomic_store(&worker->end_for, 0);
  atomic_store(&worker->has_left, 0);
  atomic_store(&worker->process, 0);
  atomic_store(&worker->pid, 0);
}

/* Has a worker of ours ended? Its place is free once that has been said. */
static void bury_member(struct member *member) {
  int exitcode;
  if (brood_process_exitcode(member->process, &exitcode) <= 0) return;
  if (!member->has_ended) {
    member->has_ended = true;
    atomic_fetch_sub(&all.crew.board->live, 1);
    bool has_begun =
        atomic_load(&all.crew.board->beginners) != member->beginners;
    bool has_left = atomic_load(&member->worker->has_left) != 0;
    bool is_lost = !has_begun || (exitcode != 0 && !has_left);
    if (is_lost && member->kill_ns == 0) {
      char text[128];
      describe(text, BROOD_WORKER_LOST, exitcode);
      count_restart(text, true);
    }
  }
  if (!report(member, exitcode)) {
    wake_at(sys_clock_ns() + AGAIN_NS);
    return;
  }
  clear_place(member->worker);
  brood_process_free(member->process);
  *member = (struct member){.worker = member->worker};
}

/* The workers of a supervisor that was killed are killed with it. One that is
 * not seen to have ended may still put its outcome. */
static void bury_orphan(const struct member *member) {
  uint64_t token = atomic_load(&member->worker->process);
  if (token == 0) return;
  if (sync_has_ended(token) && report(member, -SIGKILL)) {
    clear_place(member->worker);
  } else {
    wake_at(sys_clock_ns() + AGAIN_NS);
  }
}

static void find_orphans(void) {
  atomic_store(&all.crew.board->live, 0);
  all.end = all.members;
  for (uint32_t i = 0; i < BROOD_MAX_WORKERS; i++) {
    all.members[i].worker = &all.crew.board->workers[i];
    if (!is_free(&all.members[i])) all.end = &all.members[i + 1];
  }
}

/* ---------------------------------------------------------------- Births -- */

static int start_worker(struct member *member) {
  static int64_t number;
  char name[64];
  snprintf(name, sizeof name, "PoolWorker-%" PRId64, ++number);
  brood_value args[CREW_COUNT];
  for (size_t i = 0; i < CREW_COUNT; i++) {
    args[i] = *brood_args_get(all.args, i);
  }
  int64_t generation = atomic_load(&all.crew.board->generation);
  args[CREW_LOOK] = brood_int64(generation << 32 | (member - all.members));
  member->beginners = atomic_load(&all.crew.board->beginners);
  member->process = process_start_servant(all.context, name, SERVANT_PLAIN,
                                          brood_pool_worker, args, CREW_COUNT);
  if (member->process == NULL) return brood_error();
  atomic_store(&member->worker->pid, brood_process_pid(member->process));
  if (member >= all.end) all.end = member + 1;
  atomic_fetch_add(&all.crew.board->live, 1);
  return 0;
}

/* Workers that have a chunk: they take none of those that are in the queue. */
static uint32_t num_busy(void) {
  uint32_t count = 0;
  for (const struct member *member = all.members; member < all.end; member++) {
    bool is_there = member->process != NULL && !member->has_ended;
    count += is_there && atomic_load(&member->worker->current) != 0;
  }
  return count;
}

/* How many are missing. With an idle timeout they come when there is work, and
 * so they do in a closed pool, where one too many would wait for ever. */
static uint32_t missing(void) {
  uint32_t wanted = atomic_load(&all.crew.board->wanted);
  uint32_t live = atomic_load(&all.crew.board->live);
  bool is_closing = state() == BOARD_CLOSING;
  if (all.crew.board->options.idle_timeout_ns > 0 || is_closing) {
    int items = brood_queue_qsize(all.crew.tasks);
    uint32_t use = (uint32_t)items + (is_closing ? 0 : num_busy());
    if (items >= 0 && use < wanted) wanted = use;
  }
  return wanted > live ? wanted - live : 0;
}

static void start_missing(void) {
  uint32_t count = state() <= BOARD_CLOSING ? missing() : 0;
  for (struct member *member = all.members;
       count > 0 && member < all.members + BROOD_MAX_WORKERS; member++) {
    if (!is_free(member)) continue;
    if (start_worker(member) < 0) {
      count_restart(brood_error_message(), false);
      wake_at(sys_clock_ns() + AGAIN_NS);
      return;
    }
    count--;
  }
}

/* -------------------------------------------------------------- The loop -- */

/* Sleeps until a worker ends, somebody says that there is something to do, or
 * a limit is over. Where there are no pidfds it looks now and then. */
static void sleep_well(void) {
  static brood_value things[BROOD_MAX_WORKERS + 1];
  static size_t ready[BROOD_MAX_WORKERS + 1];
  size_t count = 0;
  things[count++] = brood_object(all.look);
  for (struct member *member = all.members; member < all.end; member++) {
    if (member->process == NULL || member->has_ended) continue;
    int sentinel = brood_process_sentinel(member->process);
    if (sentinel >= 0) things[count++] = brood_descriptor(sentinel);
    if (sentinel < 0) wake_at(sys_clock_ns() + AGAIN_NS);
  }
  brood_wait(things, count, ready, sys_clock_left(all.wake_ns));
  brood_value nothing = brood_none();
  while (brood_connection_recv(all.look, &nothing, 0) == 0) continue;
}

/* A closed pool waits for orphans too, whose chunks are to be told of. */
static bool is_done(void) {
  bool is_closing = state() == BOARD_CLOSING;
  for (struct member *member = all.members; member < all.end; member++) {
    if (member->process != NULL) return false;
    if (is_closing && !is_free(member)) return false;
  }
  return state() >= BOARD_TERMINATING ||
         (is_closing && brood_queue_empty(all.crew.tasks) == 1);
}

static void supervise(void) {
  for (;;) {
    all.wake_ns = SYS_CLOCK_NEVER;
    for (struct member *member = all.members; member < all.end; member++) {
      member->process == NULL ? bury_orphan(member) : bury_member(member);
    }
    start_missing();
    for (struct member *member = all.members; member < all.end; member++) {
      if (member->process != NULL && !member->has_ended) watch_member(member);
    }
    if (is_done()) return;
    sleep_well();
  }
}

void brood_pool_supervisor(const brood_args *args) {
  sys_signal_answer(SIGINT, SIG_IGN);
  sys_signal_hold(SIGTERM, true); /* a worker that is starting heeds it */
  current_serve();
  all.args = args;
  if (!crew_read(&all.crew, args)) brood_fail(brood_error_message());
  all.look = brood_value_object(brood_args_get(args, CREW_LOOK),
                                BROOD_KIND_CONNECTION);
  all.context = brood_get_context(NULL);
  find_orphans();
  supervise();
  atomic_store(&all.crew.board->is_done, 1);
  brood_queue_put(all.crew.results, brood_none(), 0);
  crew_ring(&all.crew);
}
REGISTRY_TARGET(brood_pool_supervisor);
