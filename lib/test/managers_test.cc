// Proves what brood.h says of managers and their objects, as far as one program
// sees it: data, errors, counting, types of the program's own.
// SPDX-License-Identifier: MIT
#include "lib/test/managers.h"
#include "lib/test/connections.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <thread>
#include <vector>

#include "lib/test/targets.h"

namespace {

class Managers : public ObjectsTest {};
INSTANTIATE_METHODS(Managers);

brood_value Pair(brood_value (&pair)[2], brood_value key, brood_value value) {
  pair[0] = key;
  pair[1] = value;
  return brood_tuple(pair, 2);
}

// ------------------------------------------------------------------- Data

TEST_P(Managers, KeepsADictionary) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_EQ(brood_kind_of(dict.get()), BROOD_KIND_DICT);
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("heron"), brood_int64(11)));
  EXPECT_WORKS(brood_dict_set(dict.get(), brood_int64(1), Text("wren")));
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("heron"), brood_double(0.5)));
  EXPECT_EQ(Get(dict, Text("heron")), "0.500000");
  EXPECT_EQ(Get(dict, brood_bool(true)), "wren");
  EXPECT_EQ(Get(dict, Text("tern")), "KeyError");
  EXPECT_EQ(brood_dict_contains(dict.get(), brood_int64(1)), 1);
  EXPECT_EQ(brood_dict_contains(dict.get(), brood_int64(2)), 0);
  EXPECT_EQ(brood_dict_length(dict.get()), 2);
  EXPECT_FAILS(brood_dict_delete(dict.get(), Text("tern")), BROOD_KEY_ERROR,
               "key");
  EXPECT_WORKS(brood_dict_delete(dict.get(), brood_int64(1)));
  EXPECT_EQ(brood_dict_length(dict.get()), 1);
  EXPECT_WORKS(brood_dict_clear(dict.get()));
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
}

TEST_P(Managers, WhatIsNoNumberEqualsNoneInATupleEither) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  brood_value none = brood_double(NAN), one = brood_double(1);
  EXPECT_WORKS(brood_list_append(list.get(), brood_tuple(&none, 1)));
  EXPECT_EQ(brood_list_count(list.get(), brood_tuple(&one, 1)), 0);
  EXPECT_WORKS(brood_list_clear(list.get()));
  for (double number : {3.0, (double)NAN, 1.0, 2.0}) {
    EXPECT_WORKS(brood_list_append(list.get(), brood_double(number)));
  }
  EXPECT_WORKS(brood_list_sort(list.get()));
  EXPECT_EQ(brood_list_index(list.get(), brood_double(1)), 0);
  EXPECT_EQ(brood_list_index(list.get(), brood_double(3)), 2);
}

// Descriptors of another process.
size_t NumDescriptorsOf(int pid) {
  std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  return std::distance(std::filesystem::directory_iterator(folder), {});
}

// The number that its next one gets.
rlim_t NextDescriptorOf(int pid) {
  std::string folder = "/proc/" + std::to_string(pid) + "/fd/";
  rlim_t number = 0;
  while (std::filesystem::is_symlink(folder + std::to_string(number))) number++;
  return number;
}

TEST_P(Managers, ProxiesThatAreKeptCostNoDescriptors) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  auto dict = Own(brood_manager_dict(manager, nullptr));
  std::vector<brood_value> many(100, brood_object(dict.get()));
  EXPECT_WORKS(brood_list_append(list.get(), many[0]));
  size_t before = NumDescriptorsOf(manager.Pid());
  EXPECT_WORKS(brood_list_extend(list.get(), many.data(), many.size()));
  for (int i = 0; i < 100; i++) {
    EXPECT_GE(brood_dict_setdefault(dict.get(), brood_int64(i),
                                    brood_object(list.get()), nullptr),
              0);
  }
  EXPECT_LT(NumDescriptorsOf(manager.Pid()), before + 20);
}

// A server may hear that a proxy was freed before it hears that it has come.
TEST_P(Managers, ProxiesThatAreNotCalledLeaveNothing) {
  Manager manager(GetParam());
  Connections pipe;
  for (int i = 0; i < 100; i++) {
    auto dict = Own(brood_manager_dict(manager, nullptr));
    brood_value got = brood_none(), copy = brood_none();
    ASSERT_WORKS(
        brood_connection_send(pipe.first, brood_object(dict.get()), kLong));
    ASSERT_WORKS(brood_connection_recv(pipe.second, &got, kLong));
    ASSERT_WORKS(brood_value_copy(&got, &copy));
    brood_value_clear(&got);
    brood_value_clear(&copy);
  }
  EXPECT_TRUE(manager.Has(0));
}

// A server with little stack takes them one by one.
TEST_P(Managers, AChainOfObjectsGoes) {
  rlimit before, little;
  ASSERT_EQ(getrlimit(RLIMIT_STACK, &before), 0);
  little = {512 << 10, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_STACK, &little), 0);
  Manager manager("fork");
  ASSERT_EQ(setrlimit(RLIMIT_STACK, &before), 0);
  auto dict = Own(brood_manager_dict(manager, nullptr));
  for (int i = 0; i < 3000; i++) {
    auto next = Own(brood_manager_dict(manager, nullptr));
    EXPECT_WORKS(
        brood_dict_set(next.get(), Text("next"), brood_object(dict.get())));
    dict = std::move(next);
  }
  EXPECT_EQ(manager.Count(), 3001);
  dict.reset();
  EXPECT_TRUE(manager.Has(0));
}

TEST_P(Managers, KeepsTheOrderOfADictionary) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  brood_value a[2], b[2], c[2];
  brood_value pairs[] = {Pair(a, Text("c"), brood_int64(3)),
                         Pair(b, Text("a"), brood_int64(1)),
                         Pair(c, Text("b"), brood_none())};
  EXPECT_WORKS(brood_dict_update(dict.get(), pairs, 3));
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("c"), brood_int64(4)));
  auto keys = [&](auto *out) { return brood_dict_keys(dict.get(), out); };
  auto values = [&](auto *out) { return brood_dict_values(dict.get(), out); };
  auto items = [&](auto *out) { return brood_dict_items(dict.get(), out); };
  auto popitem = [&](auto *out) { return brood_dict_popitem(dict.get(), out); };
  EXPECT_EQ(Fetch(keys), "(c, a, b)");
  EXPECT_EQ(Fetch(values), "(4, 1, none)");
  EXPECT_EQ(Fetch(items), "((c, 4), (a, 1), (b, none))");
  EXPECT_EQ(Fetch(popitem), "(b, none)");
  EXPECT_EQ(Fetch(keys), "(c, a)");
  EXPECT_EQ(Fetch(popitem), "(a, 1)");
  EXPECT_EQ(Fetch(popitem), "(c, 4)");
  EXPECT_EQ(Fetch(popitem), "KeyError");
  EXPECT_EQ(Fetch(keys), "()");
}

TEST_P(Managers, ChangesAKeyInOneStep) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  brood_value key = Text("k");
  auto pop = [&](auto *out) { return brood_dict_pop(dict.get(), key, out); };
  brood_value got = brood_none();
  EXPECT_EQ(brood_dict_setdefault(dict.get(), key, brood_int64(5), &got), 1);
  EXPECT_EQ(TextOf(&got), "5");
  EXPECT_EQ(brood_dict_setdefault(dict.get(), key, brood_int64(6), &got), 0);
  EXPECT_EQ(TextOf(&got), "5");
  EXPECT_EQ(brood_dict_compare_set(dict.get(), key, brood_int64(6), Text("x")),
            0);
  EXPECT_EQ(brood_dict_compare_set(dict.get(), key, brood_int64(5), Text("y")),
            1);
  EXPECT_EQ(Fetch(pop), "y");
  EXPECT_EQ(Fetch(pop), "KeyError");
  EXPECT_EQ(brood_dict_compare_set(dict.get(), key, brood_none(), Text("z")),
            1);
  int64_t sum = 0;
  EXPECT_EQ(brood_dict_add(dict.get(), key, 1, &sum), BROOD_TYPE_ERROR);
  EXPECT_WORKS(brood_dict_add(dict.get(), Text("n"), INT64_MAX - 1, &sum));
  EXPECT_WORKS(brood_dict_add(dict.get(), Text("n"), 1, &sum));
  EXPECT_EQ(sum, INT64_MAX);
  EXPECT_EQ(brood_dict_add(dict.get(), Text("n"), 1, &sum),
            BROOD_OVERFLOW_ERROR);
}

TEST_P(Managers, KeepsWhatIsAsDeepAsAnythingInPairsToo) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  brood_value levels[BROOD_MAX_DEPTH - 1] = {brood_int64(7)};
  for (int i = 1; i < BROOD_MAX_DEPTH - 1; i++) {
    levels[i] = brood_tuple(&levels[i - 1], 1);
  }
  brood_value pair[] = {Text("deep"), levels[BROOD_MAX_DEPTH - 2]};
  brood_value pairs = brood_tuple(pair, 2), items = brood_none();
  EXPECT_WORKS(brood_dict_update(dict.get(), &pairs, 1));
  EXPECT_WORKS(brood_dict_items(dict.get(), &items));
  brood_value_clear(&items);
}

TEST_P(Managers, KeepsAList) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  brood_value many[] = {brood_int64(30), brood_int64(10), brood_int64(20)};
  EXPECT_WORKS(brood_list_append(list.get(), Text("last")));
  EXPECT_WORKS(brood_list_extend(list.get(), many, 3));
  EXPECT_WORKS(brood_list_insert(list.get(), 0, brood_bool(false)));
  EXPECT_WORKS(brood_list_insert(list.get(), -1, brood_none()));
  EXPECT_EQ(All(list), "(false, last, 30, 10, none, 20)");
  EXPECT_EQ(Get(list, -1), "20");
  EXPECT_EQ(Get(list, 1), "last");
  EXPECT_EQ(Get(list, 6), "IndexError");
  EXPECT_EQ(Get(list, -7), "IndexError");
  EXPECT_WORKS(brood_list_set(list.get(), 4, brood_int64(15)));
  EXPECT_EQ(brood_list_sort(list.get()), BROOD_TYPE_ERROR);
  EXPECT_WORKS(brood_list_delete(list.get(), 0));
  EXPECT_WORKS(brood_list_remove(list.get(), Text("last")));
  EXPECT_WORKS(brood_list_sort(list.get()));
  EXPECT_EQ(All(list), "(10, 15, 20, 30)");
  EXPECT_WORKS(brood_list_reverse(list.get()));
  EXPECT_EQ(All(list), "(30, 20, 15, 10)");
  EXPECT_EQ(brood_list_index(list.get(), brood_double(15.0)), 2);
  EXPECT_EQ(brood_list_index(list.get(), brood_int64(16)), BROOD_VALUE_ERROR);
  EXPECT_EQ(brood_list_count(list.get(), brood_int64(30)), 1);
  auto pop = [&](auto *out) { return brood_list_pop(list.get(), 0, out); };
  EXPECT_EQ(Fetch(pop), "30");
  brood_value two[] = {Text("a"), Text("b")};
  EXPECT_WORKS(brood_list_set_slice(list.get(), 0, 2, two, 2));
  EXPECT_EQ(All(list), "(a, b, 10)");
  EXPECT_WORKS(brood_list_set_slice(list.get(), 1, BROOD_ALL, nullptr, 0));
  EXPECT_EQ(All(list), "(a)");
  EXPECT_WORKS(brood_list_clear(list.get()));
  EXPECT_EQ(brood_list_length(list.get()), 0);
  EXPECT_EQ(Fetch(pop), "IndexError");
}

TEST_P(Managers, KeepsNamespacesValuesAndArrays) {
  Manager manager(GetParam());
  auto space = Own(brood_manager_namespace(manager, nullptr));
  auto x = [&](auto *out) {
    return brood_namespace_get(space.get(), "x", out);
  };
  EXPECT_EQ(Fetch(x), "AttributeError");
  EXPECT_WORKS(brood_namespace_set(space.get(), "x", Text("set")));
  EXPECT_EQ(Fetch(x), "set");
  EXPECT_WORKS(brood_namespace_delete(space.get(), "x"));
  EXPECT_EQ(brood_namespace_delete(space.get(), "x"), BROOD_ATTRIBUTE_ERROR);

  auto value = Own(brood_manager_value(manager, nullptr, brood_int64(5)));
  auto get = [&](auto *out) {
    return brood_managed_value_get(value.get(), out);
  };
  EXPECT_EQ(Fetch(get), "5");
  EXPECT_WORKS(brood_managed_value_set(value.get(), Text("anything")));
  EXPECT_EQ(Fetch(get), "anything");

  brood_value items[] = {brood_int64(1), brood_int64(-128)};
  auto array = Own(brood_manager_array(manager, nullptr, 'b', items, 2));
  auto last = [&](auto *out) {
    return brood_managed_array_get(array.get(), -1, out);
  };
  EXPECT_EQ(Fetch(last), "-128");
  EXPECT_EQ(brood_managed_array_length(array.get()), 2);
  EXPECT_WORKS(brood_managed_array_set(array.get(), 1, brood_int64(127)));
  EXPECT_EQ(brood_managed_array_set(array.get(), 1, brood_int64(128)),
            BROOD_OVERFLOW_ERROR);
  EXPECT_EQ(brood_managed_array_set(array.get(), 1, Text("no")),
            BROOD_TYPE_ERROR);
  EXPECT_EQ(brood_managed_array_set(array.get(), 2, brood_int64(0)),
            BROOD_INDEX_ERROR);
  EXPECT_EQ(Fetch(last), "127");
  EXPECT_NULL_FAILS(brood_manager_array(manager, nullptr, 'x', items, 2),
                    BROOD_TYPE_ERROR, "typecode");
}

TEST_P(Managers, KeepsLargeValues) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  for (size_t size : {1u, 16u << 10, (16u << 10) + 1, 100000u, 3u << 20}) {
    std::vector<char> bytes = Pattern(size, 3);
    brood_value got = brood_none();
    EXPECT_WORKS(brood_dict_set(dict.get(), brood_int64((int64_t)size),
                                brood_bytes(bytes.data(), size)));
    EXPECT_WORKS(brood_dict_get(dict.get(), brood_int64((int64_t)size), &got));
    EXPECT_TRUE(IsPattern(&got, size, 3)) << size;
  }
  auto values = [&](auto *out) { return brood_dict_values(dict.get(), out); };
  EXPECT_EQ(Fetch(values).size(),
            4 * 2 + 5 + 2 + 1 + (16u << 10) * 2 + 1 + 100000 + (3u << 20));
}

TEST_P(Managers, RefusesWhatItCannotKeep) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  brood_lock *lock = brood_lock_new(brood_get_context(GetParam()));
  EXPECT_FAILS(brood_dict_set(dict.get(), Text("a"), brood_object(lock)),
               BROOD_TYPE_ERROR, "shared memory");
  brood_lock_free(lock);
  EXPECT_FAILS(brood_dict_set(dict.get(), Text("a"), brood_descriptor(0)),
               BROOD_TYPE_ERROR, "descriptors");
  EXPECT_FAILS(brood_dict_set(dict.get(), Text("a"), brood_pointer(&manager)),
               BROOD_TYPE_ERROR, "pointer");
  EXPECT_FAILS(brood_dict_set(dict.get(), brood_double(1), brood_none()),
               BROOD_TYPE_ERROR, "key");
  EXPECT_FAILS(brood_dict_set(nullptr, Text("a"), brood_none()),
               BROOD_VALUE_ERROR, "dictionary");
  EXPECT_FAILS(brood_dict_get(dict.get(), Text("a"), nullptr), BROOD_TYPE_ERROR,
               "NULL");
  Manager other(GetParam());
  auto theirs = Own(brood_manager_dict(other, nullptr));
  EXPECT_FAILS(
      brood_dict_set(dict.get(), Text("a"), brood_object(theirs.get())),
      BROOD_TYPE_ERROR, "its own");
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
}

// What follows a head, of a call or of an answer, may be what is refused.
TEST_P(Managers, RefusesWhatCannotBeSent) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  auto list = Own(brood_manager_list(manager, nullptr));
  const brood_value wrong[] = {brood_int64(1), brood_string(nullptr)};
  const brood_value pair = brood_tuple(wrong, 2);
  EXPECT_FAILS(brood_dict_update(dict.get(), &pair, 1), BROOD_TYPE_ERROR,
               "NULL");
  for (int i = 0; i < 254; i++) {
    EXPECT_WORKS(
        brood_dict_set(dict.get(), brood_int64(i), brood_object(list.get())));
  }
  brood_value items = brood_none();
  EXPECT_FAILS(brood_dict_items(dict.get(), &items), BROOD_VALUE_ERROR, "253");
  EXPECT_EQ(brood_dict_length(dict.get()), 254);
}

// ---------------------------------------------------------------- Counting

TEST_P(Managers, CountsReferences) {
  Manager manager(GetParam());
  EXPECT_EQ(manager.Count(), 0);
  auto list = Own(brood_manager_list(manager, nullptr));
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("k"), Text("v")));
  EXPECT_EQ(manager.Count(), 2);
  EXPECT_WORKS(brood_list_append(list.get(), brood_object(dict.get())));
  dict.reset();
  EXPECT_TRUE(manager.Has(2));
  brood_value got = brood_none();
  ASSERT_WORKS(brood_list_get(list.get(), 0, &got));
  auto *same =
      static_cast<brood_dict *>(brood_value_object(&got, BROOD_KIND_DICT));
  EXPECT_EQ(brood_dict_length(same), 1);
  EXPECT_WORKS(brood_list_clear(list.get()));
  EXPECT_TRUE(manager.Has(2));
  EXPECT_EQ(brood_dict_length(same), 1);
  brood_value_clear(&got);
  EXPECT_TRUE(manager.Has(1));
  list.reset();
  EXPECT_TRUE(manager.Has(0));
}

TEST_P(Managers, FindsObjectsByName) {
  Manager manager(GetParam());
  auto one = Own(brood_manager_dict(manager, "jobs"));
  auto two = Own(brood_manager_dict(manager, "jobs"));
  EXPECT_WORKS(brood_dict_set(one.get(), Text("k"), brood_int64(9)));
  EXPECT_EQ(Get(two, Text("k")), "9");
  EXPECT_NULL_FAILS(brood_manager_list(manager, "jobs"), BROOD_TYPE_ERROR,
                    "jobs");
  std::string name(BROOD_MAX_OBJECT_NAME + 1, 'n');
  EXPECT_NULL_FAILS(brood_manager_list(manager, name.c_str()),
                    BROOD_VALUE_ERROR, "256");
  one.reset();
  two.reset();
  auto three = Own(brood_manager_dict(manager, "jobs"));
  EXPECT_EQ(Get(three, Text("k")), "9");
}

void set_in_child(const brood_args *args) {
  auto *dict = ObjectAt<brood_dict>(args, 0);
  CHILD_CHECK(brood_dict_set(dict, brood_string("child"), brood_int64(4)) == 0);
  CHILD_CHECK(brood_kind_of(dict) == BROOD_KIND_DICT);
}
BROOD_TARGET(set_in_child);

TEST_P(Managers, LivesAsLongAsAProcessHasIt) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_list_append(list.get(), brood_object(dict.get())));
  {
    Process process(GetParam(), set_in_child, {brood_object(dict.get())});
    dict.reset();
    EXPECT_EQ(process.Run(), 0);
  }
  brood_value got = brood_none();
  ASSERT_WORKS(brood_list_get(list.get(), 0, &got));
  auto *same =
      static_cast<brood_dict *>(brood_value_object(&got, BROOD_KIND_DICT));
  EXPECT_EQ(brood_dict_contains(same, Text("child")), 1);
  brood_value_clear(&got);
}

TEST_P(Managers, TravelsThroughQueuesAndPipes) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  Queue queue(GetParam());
  EXPECT_WORKS(brood_queue_put(queue, brood_object(dict.get()), BROOD_FOREVER));
  dict.reset();
  EXPECT_TRUE(manager.Has(1));
  brood_value got = brood_none();
  EXPECT_WORKS(brood_queue_get(queue, &got, kLong));
  auto *same =
      static_cast<brood_dict *>(brood_value_object(&got, BROOD_KIND_DICT));
  EXPECT_EQ(brood_dict_length(same), 0);
  // Through a copy, and back into the queue, where nobody gets it.
  brood_value copy = brood_none();
  EXPECT_WORKS(brood_value_copy(&got, &copy));
  EXPECT_WORKS(brood_queue_put(queue, copy, BROOD_FOREVER));
  brood_value_clear(&got);
  brood_value_clear(&copy);
  EXPECT_TRUE(manager.Has(1));
}

TEST_P(Managers, LetsGoWithAQueueThatNobodyReads) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  {
    Queue queue(GetParam());
    EXPECT_WORKS(
        brood_queue_put(queue, brood_object(dict.get()), BROOD_FOREVER));
    dict.reset();
    EXPECT_TRUE(manager.Has(1));
    brood_value got = brood_none();
    EXPECT_WORKS(brood_queue_get(queue, &got, kLong));
    brood_value_clear(&got);
  }
  EXPECT_TRUE(manager.Has(0));
}

TEST_P(Managers, TakesNothingForTheValueOfACallThatFailed) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("wren"), brood_int64(9)));
  std::string large(1 << 20, 'l');
  rlimit before, none;
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = {3, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  EXPECT_EQ(brood_dict_set(dict.get(), Text("heron"), Text(large.c_str())),
            BROOD_OS_ERROR);
  EXPECT_EQ(brood_errno(), EMFILE);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_WORKS(brood_dict_set(dict.get(), Text("tern"), brood_int64(7)));
  EXPECT_EQ(Get(dict, Text("tern")), "7");
  EXPECT_EQ(Get(dict, Text("heron")), "KeyError");
}

// A proxy needs descriptors of the server that answers with it.
TEST_P(Managers, KeepsWhatItCannotSendToWhoPopsIt) {
  Manager manager(GetParam());
  auto inner = Own(brood_manager_list(manager, nullptr));
  auto list = Own(brood_manager_list(manager, nullptr));
  auto dict = Own(brood_manager_dict(manager, nullptr));
  EXPECT_WORKS(brood_list_append(list.get(), brood_object(inner.get())));
  EXPECT_WORKS(
      brood_dict_set(dict.get(), Text("wren"), brood_object(inner.get())));
  EXPECT_EQ(brood_list_length(inner.get()), 0); /* each has its line */
  rlimit before, none;
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  none = {3, before.rlim_max};
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  brood_value got = brood_none();
  EXPECT_EQ(brood_list_pop(list.get(), -1, &got), BROOD_OS_ERROR);
  EXPECT_EQ(brood_errno(), EMFILE);
  EXPECT_EQ(brood_dict_pop(dict.get(), Text("wren"), &got), BROOD_OS_ERROR);
  EXPECT_EQ(brood_dict_popitem(dict.get(), &got), BROOD_OS_ERROR);
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_EQ(brood_list_length(list.get()), 1);
  EXPECT_WORKS(brood_list_pop(list.get(), -1, &got));
  brood_value_clear(&got);
  EXPECT_WORKS(brood_dict_popitem(dict.get(), &got));
  EXPECT_EQ(got.as.items[1].type, BROOD_TYPE_OBJECT);
  brood_value_clear(&got);
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
}

// A server that has just one descriptor left for a new line, and then none.
TEST_P(Managers, AnswersThoughItHasNoDescriptors) {
  Manager manager(GetParam());
  auto list = Own(brood_manager_list(manager, nullptr));
  auto barrier = Own(brood_manager_barrier(manager, nullptr, 2, BROOD_FOREVER));
  EXPECT_EQ(brood_list_length(list.get()), 0);
  rlimit before, few;
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  few = {NextDescriptorOf(manager.Pid()) + 1, before.rlim_max};
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  std::thread waits(
      [&] { EXPECT_GE(brood_barrier_wait(barrier.get(), kLong), 0); });
  EXPECT_TRUE(
      WaitUntil([&] { return brood_barrier_n_waiting(barrier.get()) == 1; }));
  EXPECT_EQ(brood_list_append(list.get(), brood_object(barrier.get())),
            BROOD_OS_ERROR);
  EXPECT_EQ(brood_errno(), EMFILE);
  EXPECT_WORKS(brood_list_append(list.get(), brood_int64(1)));
  EXPECT_GE(brood_barrier_wait(barrier.get(), kLong), 0);
  waits.join();
  ASSERT_EQ(prlimit(manager.Pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_WORKS(brood_list_append(list.get(), brood_object(barrier.get())));
  EXPECT_EQ(brood_list_length(list.get()), 2);
}

TEST_P(Managers, HasOneTypeToAName) {
  Manager manager(GetParam());
  auto lock = Own(brood_manager_lock(manager, nullptr));
  auto dict = Own(brood_manager_dict(manager, "dict"));
  auto queue = Own(brood_manager_queue(manager, "queue", 0));
  EXPECT_NULL_FAILS(brood_manager_condition(manager, "dict", lock.get()),
                    BROOD_TYPE_ERROR, "dict");
  EXPECT_NULL_FAILS(brood_manager_joinable_queue(manager, "queue", 0),
                    BROOD_TYPE_ERROR, "another type");
  Own(brood_manager_queue(manager, "queue", 5));
  EXPECT_EQ(manager.Count(), 3);
}

// ------------------------------------------------------- Waiting, for others

// AddressSanitizer takes the stack of a cancelled thread for what it was.
#ifndef __SANITIZE_ADDRESS__
TEST_P(Managers, LeaveNoLockWithThreadsThatAreCancelledAsTheyGetIt) {
  Manager manager(GetParam());
  auto lock = Own(brood_manager_lock(manager, nullptr));
  for (int round = 0; round < 100; round++) {
    ASSERT_WORKS(brood_lock_acquire(lock.get(), kLong)) << round;
    std::atomic<bool> begins{false};
    std::thread waiter([&] {
      begins = true;
      if (brood_lock_acquire(lock.get(), BROOD_FOREVER) < 0) return;
      pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
      EXPECT_WORKS(brood_lock_release(lock.get()));
    });
    EXPECT_TRUE(WaitUntil([&] { return begins.load(); }));
    EXPECT_WORKS(brood_lock_release(lock.get()));
    for (volatile int i = 0; i < round * 200;) i = i + 1;
    EXPECT_EQ(pthread_cancel(waiter.native_handle()), 0);
    waiter.join();
  }
}

// What does not wait for others is done, or not begun.
TEST_P(Managers, LoseNoItemWithThreadsThatAreCancelledAsTheyTakeIt) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  for (int round = 0; round < 50; round++) {
    std::atomic<bool> begins{false};
    ASSERT_WORKS(brood_dict_set(dict.get(), Text("k"), brood_int64(round)));
    std::thread taker([&] {
      for (;;) {
        brood_value value = brood_none();
        begins = true;
        int r = brood_dict_pop(dict.get(), Text("k"), &value);
        int before;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        EXPECT_WORKS(r);
        EXPECT_WORKS(brood_dict_set(dict.get(), Text("k"), value));
        pthread_setcancelstate(before, nullptr);
      }
    });
    EXPECT_TRUE(WaitUntil([&] { return begins.load(); }));
    for (volatile int i = 0; i < round * 400;) i = i + 1;
    EXPECT_EQ(pthread_cancel(taker.native_handle()), 0);
    taker.join();
    EXPECT_EQ(Get(dict, Text("k")), std::to_string(round));
  }
}

// What a cancelled thread was told goes on to the next one.
TEST_P(Managers, WakeAnotherThanAThreadThatIsCancelledAsItWakes) {
  Manager manager(GetParam());
  auto condition = Own(brood_manager_condition(manager, nullptr, nullptr));
  for (int round = 0; round < 50; round++) {
    std::atomic<int> waiting{0}, woken{0};
    auto wait = [&] {
      EXPECT_WORKS(brood_condition_acquire(condition.get(), kLong));
      waiting++;
      int r = brood_condition_wait(condition.get(), kLong);
      pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, nullptr);
      EXPECT_WORKS(r);
      EXPECT_WORKS(brood_condition_release(condition.get()));
      woken++;
    };
    std::thread first(wait);
    EXPECT_TRUE(WaitUntil([&] { return waiting == 1; }));
    ASSERT_WORKS(brood_condition_acquire(condition.get(), kLong));
    ASSERT_WORKS(brood_condition_release(condition.get()));
    std::thread second(wait);
    EXPECT_TRUE(WaitUntil([&] { return waiting == 2; }));
    ASSERT_WORKS(brood_condition_acquire(condition.get(), kLong));
    EXPECT_WORKS(brood_condition_notify(condition.get(), 1));
    EXPECT_WORKS(brood_condition_release(condition.get()));
    for (volatile int i = 0; i < round * 200;) i = i + 1;
    EXPECT_EQ(pthread_cancel(first.native_handle()), 0);
    first.join();
    if (woken == 1) { /* too late */
      ASSERT_WORKS(brood_condition_acquire(condition.get(), kLong));
      EXPECT_WORKS(brood_condition_notify(condition.get(), 1));
      EXPECT_WORKS(brood_condition_release(condition.get()));
    }
    second.join();
    EXPECT_GE(woken, 1);
  }
}

#endif  // __SANITIZE_ADDRESS__

TEST_P(Managers, LetsThreadsWaitForEachOther) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_queue(manager, nullptr, 1));
  auto lock = Own(brood_manager_rlock(manager, nullptr));
  auto condition = Own(brood_manager_condition(manager, nullptr, lock.get()));
  auto barrier = Own(brood_manager_barrier(manager, nullptr, 2, BROOD_FOREVER));
  std::thread other([&] {
    EXPECT_EQ(brood_barrier_wait(barrier.get(), kLong) >> 1, 0);
    EXPECT_WORKS(brood_condition_acquire(condition.get(), kLong));
    EXPECT_WORKS(brood_condition_notify(condition.get(), 1));
    EXPECT_WORKS(brood_condition_release(condition.get()));
    for (int i = 0; i < 3; i++) {
      EXPECT_WORKS(brood_queue_put(queue.get(), brood_int64(i), kLong));
    }
  });
  EXPECT_WORKS(brood_condition_acquire(condition.get(), kLong));
  EXPECT_WORKS(brood_rlock_acquire(lock.get(), kLong));
  EXPECT_EQ(brood_barrier_wait(barrier.get(), kLong) >> 1, 0);
  EXPECT_WORKS(brood_condition_wait(condition.get(), kLong));
  EXPECT_WORKS(brood_rlock_release(lock.get()));
  EXPECT_WORKS(brood_condition_release(condition.get()));
  EXPECT_EQ(brood_condition_release(condition.get()), BROOD_ASSERTION_ERROR);
  for (int i = 0; i < 3; i++) {
    brood_value got = brood_none();
    EXPECT_WORKS(brood_queue_get(queue.get(), &got, kLong));
    EXPECT_EQ(TextOf(&got), std::to_string(i));
  }
  other.join();
}

TEST_P(Managers, SaysWhenTheTimeIsOver) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_queue(manager, nullptr, 1));
  auto lock = Own(brood_manager_lock(manager, nullptr));
  auto event = Own(brood_manager_event(manager, nullptr));
  auto condition = Own(brood_manager_condition(manager, nullptr, lock.get()));
  auto semaphore = Own(brood_manager_bounded_semaphore(manager, nullptr, 1));
  for (int64_t time_ns : {INT64_C(0), 20 * kMillisecond}) {
    brood_value got = brood_none();
    EXPECT_EQ(brood_queue_get(queue.get(), &got, time_ns), BROOD_EMPTY);
    EXPECT_EQ(brood_event_wait(event.get(), time_ns), BROOD_TIMEOUT);
    EXPECT_WORKS(brood_semaphore_acquire(semaphore.get(), time_ns));
    EXPECT_EQ(brood_semaphore_acquire(semaphore.get(), time_ns), BROOD_TIMEOUT);
    EXPECT_WORKS(brood_semaphore_release(semaphore.get()));
    EXPECT_EQ(brood_semaphore_release(semaphore.get()), BROOD_VALUE_ERROR);
    EXPECT_WORKS(brood_queue_put(queue.get(), Text("x"), time_ns));
    EXPECT_EQ(brood_queue_put(queue.get(), Text("y"), time_ns), BROOD_FULL);
    EXPECT_WORKS(brood_queue_get(queue.get(), &got, time_ns));
    EXPECT_EQ(TextOf(&got), "x");
    EXPECT_WORKS(brood_lock_acquire(lock.get(), time_ns));
    EXPECT_EQ(brood_lock_acquire(lock.get(), time_ns), BROOD_TIMEOUT);
    EXPECT_EQ(brood_condition_wait(condition.get(), time_ns), BROOD_TIMEOUT);
    EXPECT_EQ(brood_lock_locked(lock.get()), 1);
    EXPECT_WORKS(brood_lock_release(lock.get()));
    EXPECT_EQ(brood_lock_release(lock.get()), BROOD_VALUE_ERROR);
  }
}

TEST_P(Managers, JoinsAQueue) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_joinable_queue(manager, nullptr, 0));
  auto plain = Own(brood_manager_queue(manager, nullptr, 0));
  brood_value items[] = {Text("a"), Text("b")};
  EXPECT_EQ(brood_queue_put_many(queue.get(), items, 2, kLong), 2);
  EXPECT_EQ(brood_queue_qsize(queue.get()), 2);
  EXPECT_EQ(brood_queue_join(queue.get(), 0), BROOD_TIMEOUT);
  brood_value got[3] = {brood_none(), brood_none(), brood_none()};
  EXPECT_EQ(brood_queue_get_many(queue.get(), got, 3, kLong), 2);
  EXPECT_EQ(TextOf(&got[1]), "b");
  brood_value_clear(&got[0]);
  EXPECT_WORKS(brood_queue_task_done(queue.get()));
  EXPECT_EQ(brood_queue_join(queue.get(), 0), BROOD_TIMEOUT);
  EXPECT_WORKS(brood_queue_task_done(queue.get()));
  EXPECT_WORKS(brood_queue_join(queue.get(), 0));
  EXPECT_EQ(brood_queue_task_done(queue.get()), BROOD_VALUE_ERROR);
  EXPECT_EQ(brood_queue_join(plain.get(), 0), BROOD_ATTRIBUTE_ERROR);
  EXPECT_EQ(brood_queue_close(plain.get()), BROOD_ATTRIBUTE_ERROR);
}

// ------------------------------------------------- Types of the program's own

int Create(void **out_self, const brood_args *args) {
  int64_t start;
  int r = brood_value_int64(brood_args_get(args, 0), &start);
  if (r < 0) return r;
  *out_self = new int64_t(start);
  return 0;
}

void Destroy(void *self) {
  delete static_cast<int64_t *>(self);
}

int Add(void *self, const brood_args *args) {
  int64_t n;
  if (brood_value_int64(brood_args_get(args, 0), &n) < 0) return brood_error();
  return brood_return(brood_int64(*static_cast<int64_t *>(self) += n));
}

int Raise(void *, const brood_args *) {
  return brood_raise(BROOD_VALUE_ERROR, "no such %s", "bird");
}

int Unsendable(void *, const brood_args *) {
  return brood_return(brood_descriptor(0));
}

constexpr brood_managed_method kMethodsOfCounter[] = {
    {"add", Add}, {"raise", Raise}, {"unsendable", Unsendable}, {}};
brood_managed_type Counter = {"Counter", Create, Destroy, kMethodsOfCounter,
                              nullptr};
BROOD_MANAGED_TYPE(Counter);

TEST_P(Managers, KeepsObjectsOfTheProgramsOwn) {
  Manager manager(GetParam());
  brood_value number = brood_int64(40);
  brood_value args = brood_tuple(&number, 1);
  auto counter = Own(brood_manager_create(manager, nullptr, "Counter", args));
  auto call = [&](const char *method) {
    return Fetch([&](auto *out) {
      return brood_proxy_call(counter.get(), method, args, out);
    });
  };
  EXPECT_EQ(call("add"), "80");
  EXPECT_EQ(call("add"), "120");
  EXPECT_EQ(call("raise"), "ValueError");
  EXPECT_STREQ(brood_error_message(), "no such bird");
  EXPECT_EQ(call("unsendable"), "RemoteError");
  EXPECT_EQ(call("hidden"), "AttributeError");
  auto named = Own(brood_manager_create(manager, "named", "Counter", args));
  EXPECT_NULL_FAILS(brood_manager_create(manager, "named", "Other", args),
                    BROOD_TYPE_ERROR, "another type");
  EXPECT_NULL_FAILS(
      brood_manager_create(manager, nullptr, "Nothing", brood_tuple(NULL, 0)),
      BROOD_VALUE_ERROR, "Nothing");
  EXPECT_NULL_FAILS(
      brood_manager_create(manager, nullptr, "Counter", brood_tuple(NULL, 0)),
      BROOD_INDEX_ERROR, "");
  EXPECT_EQ(manager.Count(), 2);
}

// --------------------------------------------------------- Initializer, end

int Refuse(const brood_args *) {
  return brood_raise(BROOD_VALUE_ERROR, "not today");
}
BROOD_TASK(Refuse);

TEST_P(Managers, TellsWhyItsInitializerFailed) {
  brood_manager_options options = {};
  options.initializer = Refuse;
  EXPECT_NULL_FAILS(brood_manager_new(brood_get_context(GetParam()), &options),
                    BROOD_RUNTIME_ERROR, "not today");
}

// What is given back is not answered, and goes by another line than the
// question.
TEST_P(Managers, CountsNothingThatWasGivenBack) {
  Manager manager(GetParam());
  for (int round = 0; round < 100; round++) {
    std::vector<Handle<brood_list>> lists;
    for (int i = 0; i < 10; i++) {
      lists.push_back(Own(brood_manager_list(manager, nullptr)));
    }
    ASSERT_EQ(manager.Count(), 10) << round;
    lists.clear();
    ASSERT_EQ(manager.Count(), 0) << round;
  }
}

TEST_P(Managers, EndsAtShutdown) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  int pid = manager.Pid();
  EXPECT_EQ(kill(pid, SIGINT), 0);
  EXPECT_EQ(kill(pid, SIGTERM), 0);
  EXPECT_EQ(brood_dict_length(dict.get()), 0);
  EXPECT_WORKS(brood_manager_shutdown(manager));
  EXPECT_EQ(StateOf(pid), 0);
  EXPECT_FAILS(brood_dict_length(dict.get()), BROOD_OS_ERROR, "gone");
  EXPECT_EQ(brood_errno(), ECONNRESET);
  EXPECT_NULL_FAILS(brood_manager_list(manager, nullptr), BROOD_OS_ERROR,
                    "gone");
  EXPECT_WORKS(brood_manager_shutdown(manager));
}

TEST_P(Managers, EndsOnceForAllThreadsThatShutItDown) {
  for (int round = 0; round < 80; round++) {
    Manager manager(GetParam());
    int pid = manager.Pid();
    std::atomic<int> num_ready = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++) {
      threads.emplace_back([&] {
        num_ready++;
        while (num_ready < 4) continue;
        EXPECT_WORKS(brood_manager_shutdown(manager));
        EXPECT_EQ(StateOf(pid), 0);
      });
    }
    for (std::thread &thread : threads) thread.join();
  }
}

TEST_P(Managers, EndsAtShutdownThoughItIsStopped) {
  Manager manager(GetParam());
  auto dict = Own(brood_manager_dict(manager, nullptr));
  int pid = manager.Pid();
  EXPECT_EQ(kill(pid, SIGSTOP), 0);
  EXPECT_TRUE(WaitUntil([&] { return StateOf(pid) == 'T'; }));
  EXPECT_WORKS(brood_manager_shutdown(manager));
  EXPECT_EQ(StateOf(pid), 0);
}

TEST_P(Managers, FailsAfterItsServerWasKilled) {
  Manager manager(GetParam());
  auto queue = Own(brood_manager_queue(manager, nullptr, 0));
  std::thread killer([&] {
    EXPECT_TRUE(WaitUntil([&] { return StateOf(manager.Pid()) == 'S'; }));
    EXPECT_EQ(kill(manager.Pid(), SIGKILL), 0);
  });
  brood_value got = brood_none();
  EXPECT_EQ(brood_queue_get(queue.get(), &got, BROOD_FOREVER), BROOD_OS_ERROR);
  // It may be killed before the call was sent, which is EPIPE, or while it
  // waits.
  if (brood_errno() != EPIPE) {
    EXPECT_EQ(brood_errno(), ECONNRESET);
    EXPECT_PRED_FORMAT2(testing::IsSubstring, "gone", brood_error_message());
  }
  killer.join();
  EXPECT_EQ(brood_queue_qsize(queue.get()), BROOD_OS_ERROR);
  EXPECT_EQ(brood_queue_qsize(queue.get()), BROOD_OS_ERROR);
}

}  // namespace
