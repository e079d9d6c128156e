// Proves that programs reach a manager by its address as processes with proxies
// do, over unix and over tcp, whichever of them is killed.
// SPDX-License-Identifier: MIT
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <thread>

#include "lib/test/addresses.h"
#include "lib/test/targets.h"

namespace {

constexpr const char *kKinds[] = {"unix", "tcp"};

// Each method with each kind of address.
class ManagersNet : public LibraryTest,
                    public testing::WithParamInterface<
                        std::tuple<const char *, const char *>> {
 protected:
  const char *Method() const {
    return std::get<0>(GetParam());
  }
  std::string Address() const {
    return strcmp(std::get<1>(GetParam()), "unix") == 0 ? path_.Address()
                                                        : "tcp://127.0.0.1:0";
  }
  SocketPath path_;
};
INSTANTIATE_TEST_SUITE_P(All, ManagersNet,
                         testing::Combine(testing::ValuesIn(kMethods),
                                          testing::ValuesIn(kKinds)),
                         [](const auto &info) {
                           return std::string(std::get<0>(info.param)) + "_" +
                                  std::get<1>(info.param);
                         });

// A server, and a client in this process, which is told from the server's owner
// only by being another process: so it is the owner that is another one.
class Owner {
 public:
  Owner(const char *method, const std::string &address);
  ~Owner() {
    end_.Release();
    EXPECT_WORKS(process_.Join());
  }
  void Kill() {
    EXPECT_WORKS(brood_process_kill(process_));
  }
  const std::string &address() const {
    return address_;
  }
  int server() const {
    return server_;
  }

 private:
  Pipe said_, end_;
  Process process_;
  std::string address_;
  int server_ = 0;
};

// own(writing end, reading end, address, method)
void own(const brood_args *args) {
  std::string address = StringAt(args, 2);
  brood_manager_options options = AtAddress(address);
  brood_manager *manager =
      brood_manager_new(brood_get_context(StringAt(args, 3).c_str()), &options);
  CHILD_CHECK(manager != nullptr);
  char text[128] = {};
  strncpy(text, brood_manager_address(manager), sizeof text - 1);
  int server = brood_manager_pid(manager);
  CHILD_CHECK(write(DescriptorAt(args, 0), text, sizeof text) == sizeof text);
  CHILD_CHECK(write(DescriptorAt(args, 0), &server, sizeof server) > 0);
  char byte;
  CHILD_CHECK(read(DescriptorAt(args, 1), &byte, 1) >= 0);
  brood_manager_free(manager);
}
BROOD_TARGET(own);

Owner::Owner(const char *method, const std::string &address)
    : process_(method, own,
               {said_.Argument(), end_.ReadingArgument(),
                brood_string(address.c_str()), brood_string(method)}) {
  EXPECT_WORKS(process_.Start());
  char text[128];
  said_.ReadInto(text, sizeof text);
  address_ = text;
  server_ = said_.Read<int>();
}

// ------------------------------------------------------------- What is used

// use(address, method): a program that knows nothing but address and key.
void use(const brood_args *args) {
  brood_manager *manager =
      Connect(StringAt(args, 0), kKey, StringAt(args, 1).c_str());
  CHILD_CHECK(manager != nullptr);
  brood_dict *dict = brood_manager_dict(manager, "birds");
  brood_value list = brood_none();
  CHILD_CHECK(brood_dict_get(dict, brood_string("list"), &list) == 0);
  CHILD_CHECK(brood_list_append(static_cast<brood_list *>(list.as.object),
                                brood_string("tern")) == 0);
  brood_queue *queue = brood_manager_queue(manager, "queue", 0);
  CHILD_CHECK(brood_queue_put(queue, brood_object(dict), kLong) == 0);
  CHILD_CHECK(brood_dict_set(dict, brood_string("by"), brood_int64(getpid())) ==
              0);
  brood_value_clear(&list);
  brood_manager_free(manager);
}
BROOD_TARGET(use);

void UseFromAnotherProgram(const char *method, const std::string &address) {
  Manager manager(method, AtAddress(address));
  auto dict = Own(brood_manager_dict(manager, "birds"));
  {
    auto list = Own(brood_manager_list(manager, nullptr));
    EXPECT_WORKS(
        brood_dict_set(dict.get(), Text("list"), brood_object(list.get())));
  }
  std::string is_at = brood_manager_address(manager);
  EXPECT_PRED2(StartsWith, is_at, address.substr(0, address.size() - 1));
  Process user(method, use,
               {brood_string(is_at.c_str()), brood_string(method)});
  ASSERT_EQ(user.Run(), 0);
  EXPECT_EQ(Get(dict, Text("by")), std::to_string(user.Pid()));
  Queue queue(brood_manager_queue(manager, "queue", 0));
  brood_value got = brood_none();
  ASSERT_WORKS(brood_queue_get(queue, &got, kLong));
  EXPECT_EQ(brood_kind_of(got.as.object), BROOD_KIND_DICT);
  brood_value_clear(&got);
  EXPECT_TRUE(manager.Has(3));
}

TEST_P(ManagersNet, AreUsedByOtherPrograms) {
  UseFromAnotherProgram(Method(), Address());
}

TEST_P(ManagersNet, CallsThatWaitEndWithTheConnection) {
  Owner owner(Method(), Address());
  brood_manager *manager = Connect(owner.address(), kKey, Method());
  ASSERT_NE(manager, nullptr);
  auto barrier = Own(brood_manager_barrier(manager, nullptr, 2, BROOD_FOREVER));
  auto lock = Own(brood_manager_lock(manager, "lock"));
  ASSERT_WORKS(brood_lock_acquire(lock.get(), 0));
  std::thread waiter([&] {
    EXPECT_EQ(brood_barrier_wait(barrier.get(), BROOD_FOREVER), BROOD_OS_ERROR);
    EXPECT_EQ(brood_errno(), ECONNRESET);
  });
  EXPECT_TRUE(
      WaitUntil([&] { return brood_barrier_n_waiting(barrier.get()) == 1; }));
  EXPECT_WORKS(brood_manager_shutdown(manager));
  waiter.join();
  brood_manager_free(manager);
  manager = Connect(owner.address(), kKey, Method());
  auto again = Own(brood_manager_lock(manager, "lock"));
  EXPECT_EQ(brood_lock_acquire(again.get(), kLong), BROOD_OWNER_DIED);
  brood_manager_free(manager);
}

bool HasIpv6() {
  int sock = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in6 address = {};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  bool has = bind(sock, (sockaddr *)&address, sizeof address) == 0;
  close(sock);
  return has;
}

class ManagersNetHere : public LibraryTest {};

TEST_F(ManagersNetHere, AreUsedOverIpv6) {
  if (!HasIpv6()) GTEST_SKIP() << "no [::1] here";
  UseFromAnotherProgram("fork", "tcp://[::1]:0");
}

// add(dict): a child that was given a proxy.
void add(const brood_args *args) {
  auto *dict = static_cast<brood_dict *>(brood_args_get(args, 0)->as.object);
  int64_t sum;
  for (int i = 0; i < 50; i++) {
    CHILD_CHECK(brood_dict_add(dict, brood_string("n"), 1, &sum) == 0);
  }
}
BROOD_TARGET(add);

TEST_P(ManagersNet, GiveProxiesToChildrenAndThreads) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  EXPECT_EQ(brood_manager_pid(manager), 0);
  EXPECT_EQ(brood_manager_address(manager), owner.address());
  {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    std::vector<brood_value> args = {brood_object(dict.get())};
    Process a(Method(), add, args), b(Method(), add, args);
    EXPECT_WORKS(a.Start());
    EXPECT_WORKS(b.Start());
    auto add_here = [&] {
      int64_t sum;
      for (int i = 0; i < 50; i++) {
        EXPECT_WORKS(brood_dict_add(dict.get(), Text("n"), 1, &sum));
      }
    };
    std::thread one(add_here), two(add_here);
    one.join();
    two.join();
    EXPECT_WORKS(a.Join());
    EXPECT_WORKS(b.Join());
    EXPECT_EQ(Get(dict, Text("n")), "200");
    InFork([&] { EXPECT_WORKS(brood_dict_clear(dict.get())); });
    EXPECT_EQ(brood_dict_length(dict.get()), 0);
  }
  EXPECT_TRUE(
      WaitUntil([&] { return brood_manager_number_of_objects(manager) == 0; }));
}

TEST_P(ManagersNet, CarryWhatIsLarge) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    for (size_t size :
         {1000, 20000, 64 << 10, (64 << 10) + 1, 100000, 9 << 20}) {
      std::string text(size, 'x');
      text[size / 2] = 'y';
      brood_value value = brood_none(), tuple = brood_bytes(text.data(), size);
      EXPECT_WORKS(brood_dict_set(dict.get(), Text("t"), tuple));
      EXPECT_WORKS(
          brood_dict_set(dict.get(), brood_int64(2), brood_tuple(&tuple, 1)));
      ASSERT_WORKS(brood_dict_get(dict.get(), Text("t"), &value));
      EXPECT_EQ(value.size_bytes, size);
      EXPECT_EQ(memcmp(value.as.data, text.data(), size), 0);
      brood_value_clear(&value);
      ASSERT_WORKS(brood_dict_get(dict.get(), brood_int64(2), &value));
      EXPECT_EQ(memcmp(value.as.items[0].as.data, text.data(), size), 0);
      brood_value_clear(&value);
    }
  }
}

// As many proxies as go beside one message, and a body that is just inside it.
TEST_P(ManagersNet, CarryManyProxiesBesideMuch) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    auto list = Own(brood_manager_list(manager, nullptr));
    std::string text(70000, 'x');
    std::vector<brood_value> items(253, brood_object(list.get()));
    items.push_back(brood_bytes(text.data(), text.size()));
    EXPECT_WORKS(brood_dict_set(dict.get(), Text("t"),
                                brood_tuple(items.data(), items.size())));
    brood_value value = brood_none();
    ASSERT_WORKS(brood_dict_get(dict.get(), Text("t"), &value));
    EXPECT_EQ(value.num_items, items.size());
    EXPECT_EQ(brood_list_length(
                  static_cast<brood_list *>(value.as.items[252].as.object)),
              0);
    brood_value_clear(&value);
  }
}

// ------------------------------------------------------------- Who is killed

// hold_lock(writing end, address, method)
void hold_lock(const brood_args *args) {
  brood_manager *manager =
      Connect(StringAt(args, 1), kKey, StringAt(args, 2).c_str());
  CHILD_CHECK(manager != nullptr);
  brood_lock *lock = brood_manager_lock(manager, "lock");
  CHILD_CHECK(brood_lock_acquire(lock, kLong) == 0);
  Tell(DescriptorAt(args, 0), "h");
  for (;;) pause();
}
BROOD_TARGET(hold_lock);

TEST_P(ManagersNet, GiveOnWhatTheKilledHeld) {
  std::string address = Address();
  Manager manager(Method(), AtAddress(address));
  auto lock = Own(brood_manager_lock(manager, "lock"));
  Pipe said;
  Process holder(Method(), hold_lock,
                 {said.Argument(), brood_string(brood_manager_address(manager)),
                  brood_string(Method())});
  EXPECT_WORKS(holder.Start());
  EXPECT_EQ(said.Read<char>(), 'h');
  EXPECT_EQ(brood_lock_acquire(lock.get(), 0), BROOD_TIMEOUT);
  EXPECT_WORKS(brood_process_kill(holder));
  EXPECT_EQ(brood_lock_acquire(lock.get(), kLong), BROOD_OWNER_DIED);
  EXPECT_WORKS(brood_lock_release(lock.get()));
  EXPECT_WORKS(holder.Join());
}

TEST_P(ManagersNet, SayThatTheServerIsGone) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    Queue queue(brood_manager_queue(manager, nullptr, 0));
    std::thread waits([&] {
      brood_value value;
      EXPECT_EQ(brood_queue_get(queue, &value, kLong), BROOD_OS_ERROR);
    });
    kill(owner.server(), SIGKILL);
    ExpectGone(dict.get());
    waits.join();
    EXPECT_TRUE(WaitUntil([&] { return !path_.Exists(); }));
    // Over tcp nothing says that the porter has heard of the end.
    EXPECT_TRUE(WaitUntil([&] {
      brood_manager *late = Connect(owner.address(), kKey, Method());
      if (late == nullptr) return true;
      brood_manager_free(late);
      return false;
    }));
    EXPECT_EQ(brood_error(), BROOD_OS_ERROR) << brood_error_message();
  }
}

TEST_P(ManagersNet, EndWithTheirOwner) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    owner.Kill();
    ExpectGone(dict.get());
  }
  EXPECT_TRUE(WaitUntil([&] { return !path_.Exists(); }));
  EXPECT_TRUE(WaitUntil([&] {
    char state = StateOf(owner.server());
    return state == 0 || state == 'Z';
  }));
}

// take(connection, address, method): it has a connection as a proxy comes by
// another way, and none any more as the next one does.
void take(const brood_args *args) {
  auto *end = static_cast<brood_connection *>(
      brood_value_object(brood_args_get(args, 0), BROOD_KIND_CONNECTION));
  brood_manager *manager =
      Connect(StringAt(args, 1), kKey, StringAt(args, 2).c_str());
  CHILD_CHECK(manager != nullptr);
  for (int i = 0; i < 2; i++) {
    brood_value dict = brood_none();
    CHILD_CHECK(brood_connection_recv(end, &dict, kLong) == 0);
    auto *proxy = static_cast<brood_dict *>(dict.as.object);
    CHILD_CHECK(brood_dict_length(proxy) == 0);
    CHILD_CHECK(brood_dict_set(proxy, brood_int64(1), brood_int64(2)) == 0);
    brood_value_clear(&dict);
    manager = brood_manager_free(manager);
  }
}
BROOD_TARGET(take);

TEST_P(ManagersNet, GiveProxiesToOthersThatConnect) {
  Owner owner(Method(), Address());
  Client client(owner.address(), Method());
  brood_connection *near, *far;
  ASSERT_WORKS(brood_pipe_new(nullptr, 0, &near, &far));
  Process taker(Method(), take,
                {brood_object(far), brood_string(owner.address().c_str()),
                 brood_string(Method())});
  EXPECT_WORKS(taker.Start());
  for (int i = 0; i < 2; i++) {
    auto dict = Own(brood_manager_dict(client, nullptr));
    EXPECT_WORKS(brood_connection_send(near, brood_object(dict.get()), kLong));
  }
  EXPECT_WORKS(taker.Join());
  EXPECT_EQ(taker.Code(), 0);
  EXPECT_TRUE(
      WaitUntil([&] { return brood_manager_number_of_objects(client) == 0; }));
  brood_connection_free(near);
  brood_connection_free(far);
}

// ------------------------------------------------------- Connecting and not

TEST_P(ManagersNet, AreSharedByTwoThatConnect) {
  Owner owner(Method(), Address());
  Client first(owner.address(), Method());
  Client second(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(first, "birds"));
    EXPECT_WORKS(brood_dict_set(dict.get(), Text("tern"), brood_int64(4)));
    EXPECT_WORKS(brood_manager_shutdown(first));
    EXPECT_WORKS(brood_manager_shutdown(first));
    EXPECT_EQ(Get(dict, Text("tern")), "4");
    EXPECT_WORKS(brood_manager_shutdown(second));
    EXPECT_EQ(brood_dict_length(dict.get()), BROOD_OS_ERROR);
  }
  Client third(owner.address(), Method());
  {
    auto dict = Own(brood_manager_dict(third, "birds"));
    EXPECT_EQ(Get(dict, Text("tern")), "4");
  }
}

Handle<brood_list> ListIn(const Handle<brood_dict> &dict) {
  brood_value list = brood_none();
  EXPECT_WORKS(brood_dict_get(dict.get(), Text("list"), &list));
  return Own(static_cast<brood_list *>(list.as.object));
}

// A proxy of an earlier connection has no reference of the next one's.
TEST_P(ManagersNet, TakeNothingFromTheNextConnection) {
  Owner owner(Method(), Address());
  Handle<brood_list> old(nullptr, brood_list_free);
  {
    Client first(owner.address(), Method());
    auto dict = Own(brood_manager_dict(first, "birds"));
    auto list = Own(brood_manager_list(first, nullptr));
    EXPECT_WORKS(
        brood_dict_set(dict.get(), Text("list"), brood_object(list.get())));
    old = ListIn(dict);
    EXPECT_WORKS(brood_list_append(old.get(), Text("tern")));
  }
  Client second(owner.address(), Method());
  auto dict = Own(brood_manager_dict(second, "birds"));
  auto list = ListIn(dict);
  EXPECT_EQ(brood_list_length(list.get()), 1);
  EXPECT_WORKS(brood_dict_clear(dict.get()));
  old.reset();
  EXPECT_EQ(brood_list_length(list.get()), 1);
}

TEST_P(ManagersNet, RefuseAnotherKey) {
  std::string address = Address();
  Manager manager(Method(), AtAddress(address));
  auto dict = Own(brood_manager_dict(manager, nullptr));
  std::string is_at = brood_manager_address(manager);
  for (const char *key : {"kestrek", "kestrel2", "k"}) {
    EXPECT_EQ(Connect(is_at, key, Method()), nullptr);
    EXPECT_EQ(brood_error(), BROOD_AUTHENTICATION_ERROR);
    EXPECT_PRED_FORMAT2(testing::IsSubstring, is_at, brood_error_message());
  }
  EXPECT_EQ(Connect(is_at, nullptr, Method()), nullptr); /* the process's own */
  EXPECT_EQ(brood_error(), BROOD_AUTHENTICATION_ERROR);
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
  EXPECT_EQ(manager.Count(), 1);
}

// connect_by_own_key(address)
void connect_by_own_key(const brood_args *args) {
  brood_manager *manager = Connect(StringAt(args, 0), nullptr);
  CHILD_CHECK(manager != nullptr);
  CHILD_CHECK(brood_manager_number_of_objects(manager) == 0);
  brood_manager_free(manager);
}
BROOD_TARGET(connect_by_own_key);

TEST_P(ManagersNet, TakeTheKeyThatChildrenInherit) {
  std::string address = Address();
  Manager manager(Method(), AtAddress(address, nullptr));
  Process child(Method(), connect_by_own_key,
                {brood_string(brood_manager_address(manager))});
  EXPECT_EQ(child.Run(), 0);
}

// These have no children, but a relay.
TEST_P(ManagersNet, AreUsedByDaemons) {
  Owner owner(Method(), Address());
  Client manager(owner.address(), Method());
  auto dict = Own(brood_manager_dict(manager, "birds"));
  auto list = Own(brood_manager_list(manager, nullptr));
  EXPECT_WORKS(
      brood_dict_set(dict.get(), Text("list"), brood_object(list.get())));
  Process user(Method(), use,
               {brood_string(owner.address().c_str()), brood_string(Method())},
               BROOD_DAEMON);
  EXPECT_EQ(user.Run(), 0);
  EXPECT_EQ(All(list), "(tern)");
}

// --------------------------------------------------------------- Serving

// serve(writing end, reading end, address, method)
void serve(const brood_args *args) {
  std::string address = StringAt(args, 2);
  brood_manager_options options = AtAddress(address);
  static int to;
  to = DescriptorAt(args, 0);
  for (int i = 0; i < 2; i++) { /* as often as one likes */
    CHILD_CHECK(brood_manager_serve(
                    brood_get_context(StringAt(args, 3).c_str()), &options,
                    DescriptorAt(args, 1),
                    [](const char *address, void *) {
                      char text[128] = {};
                      strncpy(text, address, sizeof text - 1);
                      CHILD_CHECK(write(to, text, sizeof text) > 0);
                    },
                    nullptr) == 0);
  }
}
BROOD_TARGET(serve);

TEST_P(ManagersNet, AreServedInAProcessOfTheProgram) {
  Pipe said, stop;
  Process server(Method(), serve,
                 {said.Argument(), stop.ReadingArgument(),
                  brood_string(Address().c_str()), brood_string(Method())});
  ASSERT_WORKS(server.Start());
  char text[128];
  said.ReadInto(text, sizeof text);
  Client manager(text, Method());
  {
    auto dict = Own(brood_manager_dict(manager, "birds"));
    EXPECT_WORKS(brood_dict_set(dict.get(), Text("tern"), brood_int64(4)));
    EXPECT_EQ(path_.Exists(), strncmp(text, "unix:", 5) == 0);
    stop.Release();
    ExpectGone(dict.get());
  }
  EXPECT_WORKS(server.Join());
  EXPECT_EQ(server.Code(), 0);
  EXPECT_FALSE(path_.Exists());
}

TEST_P(ManagersNet, AreServedUntilTheProcessIsKilled) {
  Pipe said, stop;
  Process server(Method(), serve,
                 {said.Argument(), stop.ReadingArgument(),
                  brood_string(Address().c_str()), brood_string(Method())});
  ASSERT_WORKS(server.Start());
  char text[128];
  said.ReadInto(text, sizeof text);
  EXPECT_WORKS(brood_process_kill(server));
  EXPECT_WORKS(server.Join());
  EXPECT_TRUE(WaitUntil([&] { return !path_.Exists(); }));
  EXPECT_EQ(Connect(text, kKey, Method()), nullptr);
  EXPECT_EQ(brood_error(), BROOD_OS_ERROR);
}

}  // namespace
