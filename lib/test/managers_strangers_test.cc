// Proves that an address is for those who have the key: what others do there
// changes nothing, costs next to nothing, and stops nobody.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <fstream>
#include <thread>

#include "lib/test/addresses.h"
#include "lib/test/random.h"
#include "lib/test/targets.h"

namespace {

class ManagersStrangers : public LibraryTest {
 protected:
  SocketPath path_;
};

// As somebody connects who has no library.
int Knock(const std::string &address) {
  int fd;
  if (address.substr(0, 5) == "unix:") {
    sockaddr_un at = {};
    at.sun_family = AF_UNIX;
    strcpy(at.sun_path, address.c_str() + 5);
    fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&at), sizeof at), 0)
        << strerror(errno);
  } else {
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons(static_cast<uint16_t>(
        std::stoi(address.substr(address.rfind(':') + 1))));
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr *>(&at), sizeof at), 0)
        << strerror(errno);
  }
  return fd;
}

// Whether the other side closes; what it says until then is read.
bool IsClosed(int fd, int within_ms) {
  char data[256];
  for (;;) {
    pollfd one = {fd, POLLIN, 0};
    if (poll(&one, 1, within_ms) <= 0) return false;
    if (recv(fd, data, sizeof data, MSG_DONTWAIT) <= 0) return true;
  }
}

void SendNoise(int fd) {
  char data[300];
  size_t size = 1 + Random(sizeof data - 1);
  for (size_t i = 0; i < size; i++) data[i] = static_cast<char>(Random(256));
  send(fd, data, size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

long MemoryOf(int pid) {
  long pages = 0, resident = 0;
  std::ifstream("/proc/" + std::to_string(pid) + "/statm") >> pages >> resident;
  return resident * (sysconf(_SC_PAGESIZE) / 1024);
}

int DescriptorsOf(int pid) {
  int count = 0;
  DIR *all = opendir(("/proc/" + std::to_string(pid) + "/fd").c_str());
  while (all != nullptr && readdir(all) != nullptr) count++;
  if (all != nullptr) closedir(all);
  return count;
}

// The process that lets clients in: a child of this one, beside the server.
int PorterOf(int server) {
  std::ifstream file("/proc/self/task/" + std::to_string(getpid()) +
                     "/children");
  int pid, porter = 0;
  while (file >> pid) {
    if (pid > server && StateOf(pid) != 'Z') porter = pid;
  }
  return porter;
}

// Calls as long as the test's strangers are there.
class RealClient {
 public:
  explicit RealClient(const std::string &address)
      : manager_(address), thread_([this] { Call(); }) {
  }
  ~RealClient() {
    is_over_ = true;
    thread_.join();
    EXPECT_GT(count_, 0);
  }
  void AwaitCalls() {
    int before = count_;
    EXPECT_TRUE(WaitUntil([&] { return count_ > before + 2; }));
  }

 private:
  void Call() {
    auto dict = Own(brood_manager_dict(manager_, nullptr));
    while (!is_over_) {
      EXPECT_WORKS(brood_dict_set(dict.get(), Text("t"), brood_int64(count_)));
      EXPECT_EQ(Get(dict, Text("t")), std::to_string(count_));
      count_++;
    }
  }
  Client manager_;
  std::atomic<int> count_{0};
  std::atomic<bool> is_over_{false};
  std::thread thread_;
};

void Harass(const std::string &address, int rounds, int silent) {
  Manager manager("spawn", AtAddress(address));
  std::string is_at = brood_manager_address(manager);
  int server = manager.Pid(), porter = PorterOf(server);
  ASSERT_GT(porter, 0);
  {
    RealClient client(is_at);
    std::vector<int> fds;
    auto knock = [&](int count, bool speaks) {
      for (int i = 0; i < count; i++) {
        int fd = Knock(is_at);
        if (speaks) SendNoise(fd);
        speaks ? (void)close(fd) : fds.push_back(fd);
      }
    };
    knock(silent, false);
    knock(rounds / 10 + 10, true);
    client.AwaitCalls();
    long server_before = MemoryOf(server), porter_before = MemoryOf(porter);
    int fds_before = DescriptorsOf(server);
    knock(rounds, true);
    client.AwaitCalls();
    { Client late(is_at); }
    EXPECT_LE(MemoryOf(server), server_before + 1024);
    EXPECT_LE(MemoryOf(porter), porter_before + 1024);
    EXPECT_LE(DescriptorsOf(server), fds_before + 4);
    EXPECT_LE(DescriptorsOf(porter), BROOD_MAX_STRANGERS + 32);
    for (int fd : fds) close(fd);
  }
  EXPECT_TRUE(manager.Has(0));
}

TEST_F(ManagersStrangers, StopNobodyOverUnix) {
  Harass(path_.Address(), Rounds(500), 2 * BROOD_MAX_STRANGERS);
}

TEST_F(ManagersStrangers, StopNobodyOverTcp) {
  Harass("tcp://127.0.0.1:0", Rounds(500), 2 * BROOD_MAX_STRANGERS);
}

TEST_F(ManagersStrangers, AreClosedWhenTheySayNothing) {
  std::string address = path_.Address();
  Manager manager("spawn", AtAddress(address));
  int fd = Knock(address);
  EXPECT_TRUE(IsClosed(fd, 4 * BROOD_STRANGER_SECONDS * 1000));
  close(fd);
}

TEST_F(ManagersStrangers, AreClosedWhenTheirProofIsNone) {
  for (const std::string &address :
       {path_.Address(), std::string("tcp://127.0.0.1:0")}) {
    Manager manager("spawn", AtAddress(address));
    for (size_t size : {72, 100, 5000}) {
      int fd = Knock(brood_manager_address(manager));
      std::string noise(size, 'n');
      send(fd, noise.data(), size, MSG_NOSIGNAL);
      EXPECT_TRUE(IsClosed(fd, 10000)) << size << " bytes";
      close(fd);
    }
    EXPECT_EQ(manager.Count(), 0);
  }
}

// A server that does not know the key, and sends back what it is sent.
TEST_F(ManagersStrangers, DoNotServe) {
  for (int answer = 0; answer < 4; answer++) {
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in at = {};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof at;
    ASSERT_EQ(bind(listener, reinterpret_cast<sockaddr *>(&at), size), 0);
    ASSERT_EQ(listen(listener, 4), 0);
    getsockname(listener, reinterpret_cast<sockaddr *>(&at), &size);
    std::thread server([&] {
      int fd = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
      char challenge[40], proof[72], verdict[48] = {1};
      memcpy(challenge, "\x42\x72\x6f\x6f\x64\x00\x01\x00", 8);
      if (answer == 0) challenge[3]++; /* something else */
      memset(challenge + 8, 7, 32);
      send(fd, challenge, sizeof challenge, MSG_NOSIGNAL);
      if (answer > 0) recv(fd, proof, sizeof proof, MSG_WAITALL);
      if (answer == 1) memcpy(verdict + 16, proof + 40, 32);
      if (answer < 3 && answer > 0) send(fd, verdict, sizeof verdict, 0);
      close(fd);
    });
    EXPECT_EQ(Connect("tcp://127.0.0.1:" + std::to_string(ntohs(at.sin_port))),
              nullptr);
    bool is_refused = answer == 1 || answer == 2;
    EXPECT_EQ(brood_error(),
              is_refused ? BROOD_AUTHENTICATION_ERROR : BROOD_OS_ERROR);
    int why = answer == 0 ? EPROTO : answer == 3 ? ECONNRESET : 0;
    EXPECT_EQ(brood_errno(), why);
    server.join();
    close(listener);
  }
}

TEST_F(ManagersStrangers, FindASocketThatIsTheOwners) {
  umask(0);
  std::string address = path_.Address();
  Manager manager("fork", AtAddress(address));
  umask(022);
  struct stat status;
  ASSERT_EQ(stat(path_.path().c_str(), &status), 0);
  EXPECT_TRUE(S_ISSOCK(status.st_mode));
  EXPECT_EQ(status.st_mode & 0777, 0600u);
}

TEST_F(ManagersStrangers, AreRefusedByTheirUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  std::string address = path_.Address();
  Manager manager("fork", AtAddress(address));
  ASSERT_EQ(chmod(path_.path().c_str(), 0666), 0); /* as if it were not */
  InFork([&] {
    if (setresuid(65534, 65534, 65534) != 0) _exit(0); /* a sandbox */
    EXPECT_EQ(Connect(address), nullptr);
    EXPECT_EQ(brood_errno(), EPERM);
  });
  EXPECT_EQ(manager.Count(), 0);
}

// --------------------------------------------------------- What is refused

TEST_F(ManagersStrangers, AddressesInUse) {
  for (const std::string &address :
       {path_.Address(), std::string("tcp://127.0.0.1:0")}) {
    Manager manager("fork", AtAddress(address));
    std::string is_at = brood_manager_address(manager);
    brood_manager_options options = AtAddress(is_at);
    EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_OS_ERROR,
                      is_at);
    EXPECT_EQ(brood_errno(), EADDRINUSE);
    EXPECT_FAILS(brood_manager_serve(nullptr, &options, -1, nullptr, nullptr),
                 BROOD_OS_ERROR, is_at);
    EXPECT_EQ(brood_errno(), EADDRINUSE);
    EXPECT_EQ(manager.Count(), 0);
  }
}

TEST_F(ManagersStrangers, StaleSocketFilesGiveWay) {
  int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0);
  sockaddr_un at = {};
  at.sun_family = AF_UNIX;
  strcpy(at.sun_path, path_.path().c_str());
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr *>(&at), sizeof at), 0);
  close(fd);
  ASSERT_TRUE(path_.Exists());
  std::string address = path_.Address();
  {
    Manager manager("fork", AtAddress(address));
    EXPECT_EQ(manager.Count(), 0);
  }
  EXPECT_FALSE(path_.Exists());
  /* A file that is no socket is somebody's. */
  close(open(path_.path().c_str(), O_CREAT | O_WRONLY, 0600));
  brood_manager_options options = AtAddress(address);
  EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_OS_ERROR, "");
  EXPECT_EQ(brood_errno(), EADDRINUSE);
  EXPECT_TRUE(path_.Exists());
}

TEST_F(ManagersStrangers, AddressesThatAreNone) {
  for (const char *text :
       {"", "unix:", "tcp://", "tcp://127.0.0.1", "tcp://127.0.0.1:",
        "tcp://:80", "tcp://127.0.0.1:65536", "tcp://127.0.0.1:8x",
        "tcp://[::1]", "redis://127.0.0.1:1", "127.0.0.1:80", "/tmp/x"}) {
    brood_manager_options options = {};
    options.address = text;
    EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_VALUE_ERROR,
                      text);
    EXPECT_NULL_FAILS(brood_manager_connect(nullptr, &options),
                      BROOD_VALUE_ERROR, text);
  }
  std::string too_long = "unix:/" + std::string(200, 'x');
  brood_manager_options options = AtAddress(too_long);
  EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_OS_ERROR,
                    too_long);
  EXPECT_EQ(brood_errno(), ENAMETOOLONG);
  options = {};
  EXPECT_NULL_FAILS(brood_manager_connect(nullptr, &options), BROOD_VALUE_ERROR,
                    "address");
}

TEST_F(ManagersStrangers, KeysThatAreNone) {
  std::string address = path_.Address();
  brood_manager_options options = AtAddress(address);
  options.authkey_size = 0;
  EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_VALUE_ERROR,
                    "0 bytes");
  options.authkey_size = BROOD_MAX_AUTHKEY + 1;
  EXPECT_NULL_FAILS(brood_manager_new(nullptr, &options), BROOD_VALUE_ERROR,
                    "256 bytes");
  options.authkey = nullptr;
  EXPECT_NULL_FAILS(brood_manager_connect(nullptr, &options), BROOD_TYPE_ERROR,
                    "NULL");
  EXPECT_FALSE(path_.Exists());
}

TEST_F(ManagersStrangers, NobodyListens) {
  EXPECT_EQ(Connect(path_.Address()), nullptr);
  EXPECT_EQ(brood_errno(), ENOENT) << brood_error_message();
  EXPECT_EQ(Connect("tcp://127.0.0.1:1"), nullptr);
  EXPECT_EQ(brood_errno(), ECONNREFUSED) << brood_error_message();
}

TEST_F(ManagersStrangers, ManagersWithoutAnAddressHaveNone) {
  Manager manager("fork");
  EXPECT_EQ(brood_manager_address(manager), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OK);
}

}  // namespace
