// Proves that killing writers and readers of a pipe at any instant tears no
// message, delivers none twice, loses no more than one for each reader killed,
// and makes nobody wait for ever.
//
// Writers number what they send; readers tick it off. The test kills one of
// them after the other, and puts another in its place. The seed is printed.
// SPDX-License-Identifier: MIT
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <vector>

#include "lib/test/connections.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

extern "C" {
#include "lib/sys/clock.h"
}

namespace {

constexpr int kWriters = 3;
constexpr int kReaders = 3;
constexpr int kWorkers = kWriters + kReaders;
constexpr uint32_t kLives = 8192;     // of writers
constexpr uint32_t kMessages = 8192;  // in one life

// What one call may last: a machine that has other things to do.
constexpr int64_t kPatience = 2 * kSecond;
constexpr int64_t kGrace = 10 * kSecond;

enum Fault {
  kNone,
  kTorn,       // a message is not what was sent
  kTwice,      // it came twice
  kOrder,      // it came before an earlier one of the same writer
  kUnexpected  // a call returned what it never should
};

// What workers write and the test reads.
struct Board {
  std::atomic<int> fault, fault_line, fault_code;
  std::atomic<uint32_t> num_lives;
  std::atomic<uint32_t> num_sent[kLives];  // for sure
  std::atomic<uint64_t> received[kLives][kMessages / 64];
  std::atomic<int64_t> since_ns[kWorkers];  // the call that one is in, or 0
  std::atomic<uint64_t> num_calls;

  void Report(Fault reported, int line, int code = 0) {
    int none = kNone;
    if (fault.compare_exchange_strong(none, reported)) {
      fault_line = line;
      fault_code = code;
    }
  }
};

// What a message begins with; the rest tells where it is.
struct Head {
  uint32_t life;
  uint32_t number;
};

uint8_t ByteAt(size_t offset, const Head &head) {
  return (uint8_t)(offset / 64 + head.life * 31 + head.number * 7);
}

// In steps, so that most of the time is spent in calls.
void Fill(std::vector<char> *bytes, const Head &head) {
  memcpy(bytes->data(), &head, sizeof head);
  for (size_t i = sizeof head; i < bytes->size(); i += 61) {
    (*bytes)[i] = (char)ByteAt(i, head);
  }
}

bool IsWhole(const char *data, size_t size, const Head &head) {
  for (size_t i = sizeof head; i < size; i += 61) {
    if ((uint8_t)data[i] != ByteAt(i, head)) return false;
  }
  return true;
}

// The size is known to both.
size_t SizeOf(const Head &head) {
  std::mt19937 random(head.life * kMessages + head.number);
  switch (random() % 16) {
    case 0: return 200000 + random() % 300000;
    case 1:
    case 2: return 20000 + random() % 70000;
    default: return sizeof head + random() % 2000;
  }
}

// ------------------------------------------------------------- The workers --

class Worker {
 public:
  Worker(Board *board, brood_connection *connection, int number, uint32_t seed)
      : board_(board), connection_(connection), number_(number), random_(seed) {
  }

  [[noreturn]] void Write() {
    for (;;) {
      Head head = {board_->num_lives++, 0};
      if (head.life >= kLives) brood_fail("out of lives");
      for (; head.number < kMessages; head.number++) {
        std::vector<char> bytes(SizeOf(head));
        Fill(&bytes, head);
        while (!Send(brood_bytes(bytes.data(), bytes.size()))) continue;
        board_->num_sent[head.life]++;
        // And what nobody counts.
        if (random_() % 32 == 0) Send(brood_descriptor(1));
        if (random_() % 32 == 0) Send(brood_object(connection_));
      }
    }
  }

  [[noreturn]] void Read() {
    for (;;) ReadOne(Timeout());
  }

  // False if there was none.
  bool ReadOne(int64_t timeout_ns) {
    brood_value value = brood_none();
    bool into = random_() % 4 == 0;
    size_t size = 0;
    Begin();
    int r = into ? brood_connection_recv_bytes_into(connection_, buffer_.data(),
                                                    buffer_.size(), 0, &size,
                                                    timeout_ns)
                 : brood_connection_recv(connection_, &value, timeout_ns);
    End();
    if (r == BROOD_TIMEOUT) return false;
    if (r < 0 && !(into && r == BROOD_TYPE_ERROR)) {
      board_->Report(kUnexpected, __LINE__, r);
    }
    if (r == 0 && into) Tick(buffer_.data(), size);
    if (value.type == BROOD_TYPE_BYTES) {
      Tick((const char *)value.as.data, value.size_bytes);
    }
    brood_value_clear(&value);
    return true;
  }

 private:
  void Begin() {
    board_->since_ns[number_] = sys_clock_ns();
  }
  void End() {
    board_->since_ns[number_] = 0;
    board_->num_calls++;
  }

  int64_t Timeout() {
    switch (random_() % 4) {
      case 0: return 1 * kMillisecond;
      case 1: return kPatience;
      default: return BROOD_FOREVER;
    }
  }

  // Whether it was sent.
  bool Send(const brood_value &value) {
    Begin();
    int r = brood_connection_send(connection_, value, Timeout());
    End();
    if (r == 0) return true;
    // Too many descriptors of this user are under way, elsewhere perhaps.
    bool crowded = r == BROOD_OS_ERROR && brood_errno() == ETOOMANYREFS;
    if (r != BROOD_TIMEOUT && !crowded) {
      board_->Report(kUnexpected, __LINE__, r);
    }
    return false;
  }

  void Tick(const char *data, size_t size) {
    Head head = {};
    if (size >= sizeof head) memcpy(&head, data, sizeof head);
    if (size < sizeof head || head.life >= kLives || head.number >= kMessages ||
        size != SizeOf(head) || !IsWhole(data, size, head)) {
      board_->Report(kTorn, __LINE__, (int)size);
      return;
    }
    uint64_t bit = UINT64_C(1) << head.number % 64;
    if (board_->received[head.life][head.number / 64].fetch_or(bit) & bit) {
      board_->Report(kTwice, __LINE__, (int)head.number);
    }
    if (next_[head.life] > head.number) board_->Report(kOrder, __LINE__);
    next_[head.life] = head.number + 1;
  }

  Board *board_;
  brood_connection *connection_;
  int number_;
  std::mt19937 random_;
  std::vector<char> buffer_ = std::vector<char>(500000);
  std::vector<uint32_t> next_ = std::vector<uint32_t>(kLives);
};

// pipe_worker(number, seed, board, connection)
void pipe_worker(const brood_args *args) {
  brood_shared_value *value;
  value = ObjectAt<brood_shared_value>(args, 2);
  int number = (int)Int64At(args, 0);
  Worker worker((Board *)brood_shared_value_get_obj(value),
                ConnectionAt(args, 3), number, (uint32_t)Int64At(args, 1));
  number < kWriters ? worker.Write() : worker.Read();
}
BROOD_TARGET(pipe_worker);

// ---------------------------------------------------------------- The test --

class PipesChaos : public LibraryTest {
 protected:
  void SetUp() override {
    LibraryTest::SetUp();
    value_ =
        brood_shared_value_new_sized(nullptr, sizeof(Board), BROOD_NO_LOCK);
    ASSERT_NE(value_, nullptr) << brood_error_message();
    board_ = new (brood_shared_value_get_obj(value_)) Board();
    ASSERT_WORKS(
        brood_pipe_new(nullptr, BROOD_UNIDIRECTIONAL, &reading_, &writing_));
  }

  void TearDown() override {
    workers_.clear();
    brood_shared_value_free(value_);
    brood_connection_free(reading_);
    brood_connection_free(writing_);
    brood_set_start_method(nullptr, BROOD_FORCE);
    LibraryTest::TearDown();
  }

  static const char *AnyMethod() {
    uint32_t chance = Random(20);
    return chance == 0 ? "spawn" : chance < 8 ? "forkserver" : "fork";
  }

  std::unique_ptr<Process> Start(int number) {
    brood_connection *end = number < kWriters ? writing_ : reading_;
    auto process = std::make_unique<Process>(
        AnyMethod(), pipe_worker,
        Values{brood_int64(number), brood_int64(Random(UINT32_MAX)),
               brood_object(value_), brood_object(end)},
        BROOD_DAEMON);
    EXPECT_WORKS(process->Start());
    return process;
  }

  void Kill(int number) {
    EXPECT_WORKS(brood_process_kill(*workers_[number]));
    EXPECT_WORKS(workers_[number]->Join());
    EXPECT_EQ(workers_[number]->Code(), -9);
    board_->since_ns[number] = 0;
    num_readers_killed_ += number >= kWriters;
  }

  void LookForTheStuck() {
    for (int i = 0; i < kWorkers; i++) {
      int64_t since = board_->since_ns[i];
      if (since == 0) continue;
      ASSERT_LT(sys_clock_ns() - since, kPatience + kGrace)
          << "worker " << i << " is stuck";
    }
  }

  // What was sent for sure and never came.
  uint64_t CountLost(uint64_t *out_sent) {
    uint64_t lost = 0;
    for (uint32_t life = 0; life < board_->num_lives; life++) {
      uint32_t sent = board_->num_sent[life];
      *out_sent += sent;
      for (uint32_t i = 0; i < sent; i++) {
        lost += !(board_->received[life][i / 64] >> i % 64 & 1);
      }
    }
    return lost;
  }

  Board *board_ = nullptr;
  brood_shared_value *value_ = nullptr;
  brood_connection *reading_ = nullptr, *writing_ = nullptr;
  uint64_t num_readers_killed_ = 0;
  std::vector<std::unique_ptr<Process>> workers_;
};

TEST_F(PipesChaos, NobodyIsStoppedByTheDead) {
  for (int i = 0; i < kWorkers; i++) workers_.push_back(Start(i));
  int kills = Rounds(300);
  for (int i = 0; i < kills && board_->fault == kNone; i++) {
    SleepAtRandom(6000);
    int victim = (int)Random(kWorkers);
    Kill(victim);
    workers_[victim] = Start(victim);
    LookForTheStuck();
    if (HasFatalFailure()) break;
  }
  for (int i = 0; i < kWorkers; i++) Kill(i);
  // What is left is whole too.
  Worker last(board_, reading_, 0, 1);
  while (last.ReadOne(0)) continue;
  uint64_t sent = 0, lost = CountLost(&sent);
  EXPECT_EQ(board_->fault, kNone)
      << "line " << board_->fault_line << ", code " << board_->fault_code;
  EXPECT_LE(lost, num_readers_killed_);
  EXPECT_GT(sent, (uint64_t)kills);
  printf("%d kills, %llu calls, %llu messages sent, %llu lost with a reader\n",
         kills, (unsigned long long)board_->num_calls, (unsigned long long)sent,
         (unsigned long long)lost);
}

}  // namespace
