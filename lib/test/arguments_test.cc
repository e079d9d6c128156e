// Proves that arguments arrive as they were given, however many and however
// large, and that a bad one is refused with a sentence that names it. By all
// methods.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "lib/test/process.h"
#include "lib/test/targets.h"

namespace {

class Arguments : public MethodTest {};
INSTANTIATE_METHODS(Arguments);

void one_of_each(const brood_args *args) {
  bool flag;
  int64_t least, most;
  double real, nan;
  const char *text, *empty;
  const void *bytes, *nothing_at_all;
  size_t size, none;
  CHILD_CHECK(brood_args_count(args) == 10);
  CHILD_CHECK(brood_args_get(args, 0)->type == BROOD_TYPE_NONE);
  CHILD_CHECK(brood_value_bool(brood_args_get(args, 1), &flag) == 0 && flag);
  CHILD_CHECK(brood_value_int64(brood_args_get(args, 2), &least) == 0 &&
              least == INT64_MIN);
  CHILD_CHECK(brood_value_int64(brood_args_get(args, 3), &most) == 0 &&
              most == INT64_MAX);
  CHILD_CHECK(brood_value_double(brood_args_get(args, 4), &real) == 0 &&
              real == 0.1);
  CHILD_CHECK(brood_value_double(brood_args_get(args, 5), &nan) == 0 &&
              std::isnan(nan));
  CHILD_CHECK(brood_value_string(brood_args_get(args, 6), &text) == 0);
  CHILD_CHECK(strcmp(text, "t\xc3\xa4xt") == 0);
  CHILD_CHECK(brood_value_string(brood_args_get(args, 7), &empty) == 0 &&
              *empty == '\0');
  CHILD_CHECK(brood_value_bytes(brood_args_get(args, 8), &bytes, &size) == 0 &&
              size == 3);
  CHILD_CHECK(memcmp(bytes, "a\0b", 3) == 0);
  CHILD_CHECK(
      brood_value_bytes(brood_args_get(args, 9), &nothing_at_all, &none) == 0);
  CHILD_CHECK(none == 0);
}
BROOD_TARGET(one_of_each);

TEST_P(Arguments, OfEachTypeArrive) {
  char text[] = "t\xc3\xa4xt", bytes[] = "a\0b";
  Process process(
      GetParam(), one_of_each,
      {brood_none(), brood_bool(true), brood_int64(INT64_MIN),
       brood_int64(INT64_MAX), brood_double(0.1), brood_double(std::nan("")),
       brood_string(text), brood_string(""), brood_bytes(bytes, 3),
       brood_bytes(nullptr, 0)});
  // They are copied when the process is made.
  memset(text, 'x', sizeof text);
  memset(bytes, 'x', sizeof bytes);
  EXPECT_EQ(process.Run(), 0);
}

void read_wrongly(const brood_args *args) {
  int fd = DescriptorAt(args, 0);
  int64_t number = 5;
  const char *text = "untouched";
  auto say = [fd](int r) {
    CHILD_CHECK(r == brood_error());
    Tell(fd, std::string(brood_error_name(r)) + ": " + brood_error_message() +
                 "\n");
  };
  say(brood_value_int64(brood_args_get(args, 1), &number));
  say(brood_value_string(brood_args_get(args, 0), &text));
  say(brood_value_int64(brood_args_get(args, 2), &number));
  CHILD_CHECK(brood_args_get(args, SIZE_MAX) == nullptr);
  say(brood_error());
  CHILD_CHECK(brood_args_get(nullptr, 0) == nullptr);
  say(brood_error());
  CHILD_CHECK(number == 5 && strcmp(text, "untouched") == 0);
  CHILD_CHECK(brood_value_string(brood_args_get(args, 1), &text) == 0);
}
BROOD_TARGET(read_wrongly);

TEST_P(Arguments, ReadAsAnotherTypeAreRefused) {
  Pipe told;
  Process process(GetParam(), read_wrongly,
                  {told.Argument(), brood_string("5")});
  EXPECT_EQ(process.Run(), 0);
  EXPECT_EQ(told.ReadAll(),
            "TypeError: the value is a string, not an int64\n"
            "TypeError: the value is a descriptor, not a string\n"
            "IndexError: no argument 2: there are 2\n"
            "IndexError: no argument 18446744073709551615: there are 2\n"
            "IndexError: no argument 0: there are 0\n");
}

// Descriptors are told apart by the sizes of the files behind them.
void sizes_in_order(const brood_args *args) {
  size_t count = brood_args_count(args);
  for (size_t i = 0; i < count; i++) {
    struct stat status;
    int fd = DescriptorAt(args, i);
    CHILD_CHECK(fstat(fd, &status) == 0);
    if ((size_t)status.st_size != i) brood_fail("out of order");
    CHILD_CHECK(close(fd) == 0);
  }
  brood_exit((int)(count % 251));
}
BROOD_TARGET(sizes_in_order);

TEST_P(Arguments, ManyDescriptorsArriveInOrder) {
  // Around the kernel's limit of descriptors in one message, and the user's.
  for (int count : {1, 251, 252, 253, 300, 507}) {
    std::vector<FILE *> files;
    Values args;
    for (int i = 0; i < count; i++) {
      files.push_back(tmpfile());
      ASSERT_NE(files.back(), nullptr);
      ASSERT_EQ(ftruncate(fileno(files.back()), i), 0);
      args.push_back(brood_descriptor(fileno(files.back())));
    }
    Process process(GetParam(), sizes_in_order, args);
    EXPECT_WORKS(process.Start());
    for (FILE *file : files) fclose(file);  // they may be closed right after
    EXPECT_WORKS(process.Join());
    EXPECT_EQ(process.Code(), count % 251);
  }
}

void same_file(const brood_args *args) {
  struct stat first, second;
  CHILD_CHECK(fstat(DescriptorAt(args, 0), &first) == 0);
  CHILD_CHECK(fstat(DescriptorAt(args, 1), &second) == 0);
  CHILD_CHECK(first.st_ino == second.st_ino);
}
BROOD_TARGET(same_file);

TEST_P(Arguments, TheSameDescriptorTwice) {
  Pipe pipe;
  Process process(GetParam(), same_file, {pipe.Argument(), pipe.Argument()});
  EXPECT_EQ(process.Run(), 0);
}

uint64_t Checksum(const uint8_t *bytes, size_t size) {
  uint64_t sum = 0;
  for (size_t i = 0; i < size; i++) sum = sum * 1099511628211u + bytes[i];
  return sum;
}

void checksum(const brood_args *args) {
  const void *bytes;
  size_t size;
  CHILD_CHECK(brood_value_bytes(brood_args_get(args, 1), &bytes, &size) == 0);
  uint64_t sum = Checksum((const uint8_t *)bytes, size);
  Tell(DescriptorAt(args, 0), std::string((const char *)&sum, sizeof sum));
}
BROOD_TARGET(checksum);

TEST_P(Arguments, LargeOnesArriveWhole) {
  // Around what fits into one message of the forkserver, and far beyond.
  for (size_t size :
       {(size_t)32000, (size_t)32768, (size_t)40000, (size_t)64 << 20}) {
    std::unique_ptr<uint8_t[]> bytes(new uint8_t[size]);
    for (size_t i = 0; i < size; i++)
      bytes[i] = (uint8_t)(i * 2654435761u >> 9);
    Pipe told;
    Process process(GetParam(), checksum,
                    {told.Argument(), brood_bytes(bytes.get(), size)});
    uint64_t expected = Checksum(bytes.get(), size);
    bytes.reset();
    EXPECT_EQ(process.Run(), 0) << brood_error_message();
    EXPECT_EQ(told.Read<uint64_t>(), expected) << size;
  }
}

void count_them(const brood_args *args) {
  for (size_t i = 0; i < brood_args_count(args); i++) {
    CHILD_CHECK(Int64At(args, i) == (int64_t)i);
  }
  brood_exit(brood_args_count(args) == BROOD_MAX_ARGS ? 9 : 0);
}
BROOD_TARGET(count_them);

TEST_P(Arguments, AsManyAsThereMayBe) {
  Values args;
  for (int i = 0; i < BROOD_MAX_ARGS; i++) args.push_back(brood_int64(i));
  Process process(GetParam(), count_them, args);
  EXPECT_EQ(process.Run(), 9);
}

void follow_pointer(const brood_args *args) {
  const void *pointer;
  CHILD_CHECK(brood_value_pointer(brood_args_get(args, 0), &pointer) == 0);
  brood_exit(*(const int *)pointer);
}
BROOD_TARGET(follow_pointer);

TEST_P(Arguments, APointerMeansSomethingInAForkOnly) {
  int here = 17;
  Process process(GetParam(), follow_pointer, {brood_pointer(&here)});
  if (std::string(GetParam()) == "fork") {
    EXPECT_EQ(process.Run(), 17);
    return;
  }
  EXPECT_FAILS(process.Start(), BROOD_TYPE_ERROR, "pointer");
  EXPECT_PRED_FORMAT2(testing::IsSubstring, brood_process_name(process),
                      brood_error_message());
}

TEST_P(Arguments, AClosedDescriptorIsRefused) {
  Pipe pipe;
  int closed = pipe.reading();
  Process process(GetParam(), nothing,
                  {pipe.Argument(), brood_descriptor(closed)});
  pipe.CloseReading();
  EXPECT_FAILS(process.Start(), BROOD_OS_ERROR,
               "descriptor " + std::to_string(closed));
  EXPECT_EQ(brood_errno(), EBADF);
  EXPECT_EQ(brood_active_children(nullptr, 0), 0);
}

// Makes a process with these arguments only, which must fail.
#define EXPECT_REFUSED(values, count, code, text)                           \
  do {                                                                      \
    brood_process_options options = {};                                     \
    options.args = (values);                                                \
    options.num_args = (count);                                             \
    EXPECT_NULL_FAILS(                                                      \
        brood_process_new(brood_get_context(GetParam()), &options), (code), \
        (text));                                                            \
  } while (0)

TEST_P(Arguments, AnUnusableOneIsRefusedWhenTheProcessIsMade) {
  Values many(BROOD_MAX_ARGS + 1, brood_none());
  EXPECT_REFUSED(many.data(), many.size(), BROOD_VALUE_ERROR, "65536");
  EXPECT_REFUSED(many.data(), SIZE_MAX, BROOD_VALUE_ERROR,
                 "18446744073709551615");
  EXPECT_REFUSED(nullptr, 3, BROOD_TYPE_ERROR, "3 arguments");
  brood_value value = brood_none();
  value.type = (enum brood_type)99;
  EXPECT_REFUSED(&value, 1, BROOD_TYPE_ERROR, "99");
  value = brood_string(nullptr);
  EXPECT_REFUSED(&value, 1, BROOD_TYPE_ERROR, "NULL");
  value = brood_bytes(nullptr, 1);
  EXPECT_REFUSED(&value, 1, BROOD_TYPE_ERROR, "NULL");
  value = brood_bytes(&value, (size_t)BROOD_MAX_RECORD + 1);
  EXPECT_REFUSED(&value, 1, BROOD_VALUE_ERROR, "1073741825");
  value = brood_descriptor(-3);
  EXPECT_REFUSED(&value, 1, BROOD_VALUE_ERROR, "-3");
  brood_value two[] = {brood_string("a"), brood_string("b\0c")};
  two[1].size_bytes = 3;
  EXPECT_REFUSED(two, 2, BROOD_VALUE_ERROR, "argument 1");
}

// Each part is legal; together they are too much.
TEST_P(Arguments, OverTheMaximumTogetherAreRefused) {
  static const uint8_t bytes[1 << 20] = {};
  Values args(1025, brood_bytes(bytes, sizeof bytes));
  EXPECT_REFUSED(args.data(), args.size(), BROOD_VALUE_ERROR,
                 std::to_string(BROOD_MAX_RECORD));
}

}  // namespace
