// Proves what happens to objects in a process that has no descriptor or no
// address left: an error, and all goes on when there is room again.
// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <thread>

#include "lib/test/objects.h"
#include "lib/test/targets.h"

namespace {

class ObjectsLimits : public ObjectsTest {};
INSTANTIATE_TEST_SUITE_P(Methods, ObjectsLimits, testing::Values("fork"),
                         NameOfParam);

const brood_context *Context() {
  return brood_get_context("fork");
}

// As long as it lives, no descriptor is to be had.
class FullTable {
 public:
  FullTable() {
    getrlimit(RLIMIT_NOFILE, &before_);
    rlimit few = before_;
    few.rlim_cur = 100;
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &few), 0);
    for (int fd; (fd = open("/dev/null", O_RDONLY | O_CLOEXEC)) >= 0;) {
      taken_.push_back(fd);
    }
    EXPECT_EQ(errno, EMFILE);
  }
  ~FullTable() {
    for (int fd : taken_) close(fd);
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0);
  }

 private:
  std::vector<int> taken_;
  rlimit before_;
};

#ifdef __SANITIZE_ADDRESS__
#define SKIP_UNDER_UBSAN() \
  GTEST_SKIP() << "UBSan asks about types with descriptors of its own"
#else
#define SKIP_UNDER_UBSAN() (void)0
#endif

// In copies, which have no arena yet.
TEST_P(ObjectsLimits, AFullTable) {
  SKIP_UNDER_UBSAN();
  InFork([] {
    int arenas = NumArenas();
    {
      FullTable full;
      EXPECT_NULL_FAILS(brood_lock_new(Context()), BROOD_OS_ERROR, "a lock");
      EXPECT_EQ(brood_errno(), EMFILE);
      EXPECT_NULL_FAILS(
          brood_shared_array_new(Context(), 'b', 1 << 20, BROOD_NO_LOCK),
          BROOD_OS_ERROR, "a shared array");
      EXPECT_EQ(brood_errno(), EMFILE);
    }
    EXPECT_EQ(NumArenas(), arenas);
    Objects objects("fork");
    FullTable full;
    // What fits into the arena needs none.
    Objects others("fork");
    EXPECT_NULL_FAILS(
        brood_shared_array_new(Context(), 'b', 1 << 20, BROOD_NO_LOCK),
        BROOD_OS_ERROR, "a shared array");
  });
}

// Found was: a thread that could not look up when its process began took itself
// for another process.
TEST_P(ObjectsLimits, AThreadThatBeginsWithAFullTable) {
  SKIP_UNDER_UBSAN();
  InFork([] {
    brood_lock *lock = brood_lock_new(Context());
    brood_condition *condition = brood_condition_new(Context(), lock);
    FullTable full;
    EXPECT_WORKS(brood_lock_acquire(lock, 0));
    std::thread([&] {
      // The process holds it, whichever its thread.
      EXPECT_WORKS(brood_condition_notify(condition, 1));
      EXPECT_WORKS(brood_lock_release(lock));
      brood_condition_free(condition);
      brood_lock_free(lock);
      EXPECT_FAILS(brood_lock_locked(lock), BROOD_VALUE_ERROR, "freed");
    }).join();
  });
}

int64_t SizeInMemory() {
  std::ifstream file("/proc/self/statm");
  int64_t pages = 0;
  file >> pages;
  return pages * sysconf(_SC_PAGESIZE);
}

TEST_P(ObjectsLimits, NoAddressesLeft) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers do not stand it";
#endif
  InFork([] {
    rlimit before, little;
    getrlimit(RLIMIT_AS, &before);
    little = before;
    little.rlim_cur = (rlim_t)(SizeInMemory() + (32 << 10));
    int descriptors = NumDescriptors();
    EXPECT_EQ(setrlimit(RLIMIT_AS, &little), 0);
    EXPECT_NULL_FAILS(brood_lock_new(Context()), BROOD_OS_ERROR, "a lock");
    EXPECT_EQ(brood_errno(), ENOMEM);
    EXPECT_NULL_FAILS(
        brood_shared_array_new(Context(), 'b', 1 << 26, BROOD_NO_LOCK),
        BROOD_OS_ERROR, "a shared array");
    EXPECT_EQ(brood_errno(), ENOMEM);
    EXPECT_EQ(setrlimit(RLIMIT_AS, &before), 0);
    EXPECT_EQ(NumDescriptors(), descriptors);
    Objects objects("fork");
  });
}

}  // namespace
