// Worker processes of the runner; see crew.h. A request is a line with an
// index, its answer the result as one line of JSON.
// SPDX-License-Identifier: MIT
#include "conformance/runner/crew.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <stdexcept>

#include "conformance/runner/clock.h"
#include "conformance/runner/folder.h"
#include "conformance/runner/proc.h"
#include "conformance/runner/reaper.h"
#include "conformance/runner/value.h"

namespace conformance {

namespace {

constexpr double kOrphanSeconds = 20;
constexpr int kLookMs = 20;

Json EncodeOutcome(const Outcome &o) {
  return {{"verdict", o.verdict}, {"way", o.way}, {"text", o.text},
          {"want", o.want},       {"got", o.got}, {"line", o.line},
          {"step", o.step_text}};
}

Outcome DecodeOutcome(const Json &json) {
  Outcome o;
  o.verdict = json["verdict"];
  o.way = json["way"];
  o.text = json["text"];
  o.want = json["want"];
  o.got = json["got"];
  o.line = json["line"];
  o.step_text = json["step"];
  return o;
}

std::string Encode(const CaseResult &result) {
  Json others = Json::array();
  for (const Outcome &o : result.others) others.push_back(EncodeOutcome(o));
  Json line = {{"outcome", EncodeOutcome(result.outcome)},
               {"others", others},
               {"seconds", result.seconds},
               {"transcript", result.transcript},
               {"runs", result.runs},
               {"failed", result.failed}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

CaseResult Decode(const std::string &text) {
  Json line = Json::parse(text);
  CaseResult result;
  result.outcome = DecodeOutcome(line["outcome"]);
  for (const Json &o : line["others"]) {
    result.others.push_back(DecodeOutcome(o));
  }
  result.seconds = line["seconds"];
  result.transcript = line["transcript"];
  result.runs = line["runs"];
  result.failed = line["failed"];
  return result;
}

// False if nobody is at the other end.
bool SendAll(int fd, const std::string &text) {
  size_t sent = 0;
  while (sent < text.size()) {
    ssize_t n = send(fd, text.data() + sent, text.size() - sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    sent += static_cast<size_t>(n);
  }
  return true;
}

}  // namespace

Crew::Crew(size_t jobs, size_t cases, const Setup &setup, Run run)
    : jobs_(jobs), cases_(cases), setup_(setup), run_(run) {
  fflush(nullptr);
  for (size_t i = 0; i < 2 * jobs && i < cases; i++) {
    workers_.push_back(Start());
  }
}

Crew::~Crew() {
  for (const Worker &worker : workers_) {
    if (worker.fd < 0) continue;
    kill(worker.pid, SIGKILL);
    waitpid(worker.pid, nullptr, 0);
    close(worker.fd);
  }
}

Crew::Worker Crew::Start() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
    throw std::runtime_error("socketpair failed");
  }
  pid_t parent = getpid();
  started_++;
  pid_t pid = fork();
  if (pid < 0) throw std::runtime_error("fork failed");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(1);
    close(ends[0]);
    for (const Worker &other : workers_) {
      if (other.fd >= 0) close(other.fd);
    }
    Work(ends[1]);
  }
  close(ends[1]);
  return {pid, ends[0], "", std::nullopt};
}

// An error must not get out: this process would go on as a second master.
void Crew::Work(int fd) {
  try {
    Serve(fd);
    _exit(0);
  } catch (const std::exception &error) {
    fprintf(stderr, "runner: %s\n", error.what());
  }
  _exit(1);
}

void Crew::Serve(int fd) {
  Reaper::Become();
  MakeSharedMemoryPrivate();
  Reaper reaper;
  Setup setup = setup_;
  setup.reaper = &reaper;
  setup.run_folder += "/w" + std::to_string(started_);
  mkdir(setup.run_folder.c_str(), 0700);
  FILE *requests = fdopen(fd, "r");
  size_t index;
  while (fscanf(requests, "%zu", &index) == 1) {
    if (!SendAll(fd, Encode(run_(index, setup)))) break;
  }
}

void Crew::Deal() {
  size_t busy = 0;
  bool has_looked = false;
  for (const Worker &worker : workers_) busy += worker.busy ? 1 : 0;
  for (Worker &worker : workers_) {
    if (worker.busy || next_ >= cases_) continue;
    if (busy >= jobs_) {
      // One at a look: what it does is seen at the next.
      if (has_looked || OthersThatRun() >= jobs_) break;
      has_looked = true;
    }
    busy++;
    if (worker.fd < 0) worker = Start();
    worker.busy = next_++;
    // A worker that is gone is found out when it is read from.
    SendAll(worker.fd, std::to_string(*worker.busy) + "\n");
  }
}

bool Crew::IsWorker(pid_t pid) const {
  for (const Worker &worker : workers_) {
    if (worker.fd >= 0 && worker.pid == pid) return true;
  }
  return false;
}

// What a lost worker ran is this process's now, and would disturb the cases of
// the others. Again and again: what is killed leaves its children here.
void Crew::EndOrphans() {
  Deadline deadline(kOrphanSeconds);
  Backoff backoff;
  for (bool any = true; any && !deadline.Over(); backoff.Wait()) {
    any = false;
    for (pid_t pid : ChildrenOf(getpid())) {
      if (IsWorker(pid)) continue;
      any = true;
      kill(pid, SIGKILL);
      waitpid(pid, nullptr, WNOHANG);
    }
  }
}

// Its case has no result, the others go on; another worker comes when there is
// a case for it.
void Crew::Lost(Worker *worker) {
  int status = 0;
  kill(worker->pid, SIGKILL);
  waitpid(worker->pid, &status, 0);
  close(worker->fd);
  if (worker->busy) {
    CaseResult *result = &done_[*worker->busy];
    result->outcome.verdict = Verdict::kUnresolved;
    result->outcome.text =
        "the runner's process ended in this case: " +
        DescribeStatus(WIFSIGNALED(status) ? -WTERMSIG(status)
                                           : WEXITSTATUS(status));
  }
  *worker = {0, -1, "", std::nullopt};
  EndOrphans();
}

void Crew::Read(Worker *worker) {
  char chunk[65536];
  ssize_t n = recv(worker->fd, chunk, sizeof chunk, 0);
  if (n < 0 && errno == EINTR) return;
  if (n <= 0) {
    Lost(worker);
    return;
  }
  worker->buffer.append(chunk, static_cast<size_t>(n));
  if (worker->buffer.back() != '\n') return;
  done_[*worker->busy] = Decode(worker->buffer);
  worker->buffer.clear();
  worker->busy.reset();
}

CaseResult Crew::Take(size_t index) {
  while (done_.count(index) == 0) {
    Deal();
    std::vector<pollfd> polled;
    for (const Worker &worker : workers_) {
      polled.push_back({worker.fd, POLLIN, 0});
    }
    poll(polled.data(), polled.size(), kLookMs);
    for (size_t i = 0; i < polled.size(); i++) {
      if (polled[i].revents != 0) Read(&workers_[i]);
    }
  }
  Deal();
  CaseResult result = done_[index];
  done_.erase(index);
  return result;
}

}  // namespace conformance
