// Proves what every case relies on: numbers and bytes cross the wire
// unchanged, equal objects have equal names, and a wrong call is Python's
// TypeError before anything is done.
// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>

extern "C" {
#include "conformance/adapter/base64.h"
#include "conformance/adapter/element.h"
#include "conformance/adapter/failure.h"
#include "conformance/adapter/slice.h"
}
#include "conformance/adapter/wire_test.h"

namespace {

TEST(Number, ProtectsWhatADoubleWouldSpoil) {
  EXPECT_EQ(Protect("[1,-20]"), "[1,-20]");
  EXPECT_EQ(Protect("1.0"), R"({"float":"1.0"})");
  EXPECT_EQ(Protect("[-2e3 ,5]"), R"([{"float":"-2e3"} ,5])");
  EXPECT_EQ(Protect("9223372036854775807"), R"({"int":"9223372036854775807"})");
}

TEST(Number, LeavesTextsAlone) {
  EXPECT_EQ(Protect(R"(["1.5","a\"2.5",3.5])"),
            R"(["1.5","a\"2.5",{"float":"3.5"}])");
  EXPECT_EQ(Protect(R"("no end 1.5)"), R"("no end 1.5)");
  EXPECT_EQ(Protect("\"\\"), "\"\\");
}

TEST(Number, MarksATextThatWouldBeCutOff) {
  EXPECT_EQ(Protect(R"({"args":["a\u0000b",1]})"),
            R"({"args":[{"nul":"a\u0001b"},1]})");
  EXPECT_EQ(Protect(R"("\\\u0000")"), R"({"nul":"\\\u0001"})");
  for (const char *text : {R"("\\u0000")", R"("u0000")", R"("\u0001")"}) {
    EXPECT_EQ(Protect(text), text);
  }
}

TEST(Number, KeepsIntegersAndFloatsApart) {
  int64_t integer = 0;
  double real = 0;
  EXPECT_EQ(number_get(Parse("-7").get(), &integer, &real), NUMBER_INTEGER);
  EXPECT_EQ(integer, -7);
  EXPECT_EQ(number_get(Parse("-9223372036854775808").get(), &integer, &real),
            NUMBER_INTEGER);
  EXPECT_EQ(integer, INT64_MIN);
  EXPECT_EQ(number_get(Parse("2.0").get(), &integer, &real), NUMBER_REAL);
  EXPECT_EQ(real, 2.0);
}

TEST(Number, KnowsFloatsThatJsonDoesNot) {
  for (const char *json : {R"({"double":"7ff0000000000000"})",
                           R"({"double":"fff8000000000001"})"}) {
    int64_t integer = 0;
    double real = 0;
    EXPECT_EQ(number_get(Parse(json).get(), &integer, &real), NUMBER_REAL);
    EXPECT_EQ(Print(Json(number_double(real)).get()), json);
  }
  char digits[NUMBER_BITS];
  number_bits(-0.0, digits);
  EXPECT_STREQ(digits, "8000000000000000");
}

TEST(Number, RefusesWhatFitsNowhere) {
  int64_t integer = 0;
  double real = 0;
  for (const char *json : {"9223372036854775808", "1e999"}) {
    EXPECT_EQ(number_get(Parse(json).get(), &integer, &real), NUMBER_TOO_LARGE);
  }
  for (const char *json : {"\"1\"", "null", "{}", "[1]", R"({"b64":"AA=="})"}) {
    EXPECT_EQ(number_get(Parse(json).get(), &integer, &real), NUMBER_NONE);
  }
}

TEST(Number, PrintsExactly) {
  EXPECT_EQ(Print(Json(number_int64(INT64_MIN)).get()), "-9223372036854775808");
  EXPECT_EQ(Print(Json(number_double(2)).get()), "2.0");
  EXPECT_EQ(Print(Json(number_double(-0.5)).get()), "-0.5");
  EXPECT_EQ(Print(Json(number_double(1e300)).get()), "1.0000000000000001e+300");
}

TEST(Base64, RoundTripsEveryLength) {
  unsigned char data[256];
  for (int i = 0; i < 256; i++) data[i] = static_cast<unsigned char>(i * 7);
  for (size_t size = 0; size <= sizeof data; size++) {
    Text text(base64_encode(data, size));
    size_t decoded_size = 0;
    std::unique_ptr<void, Deleter> decoded(
        base64_decode(text.get(), &decoded_size));
    ASSERT_NE(decoded, nullptr);
    ASSERT_EQ(decoded_size, size);
    EXPECT_EQ(memcmp(decoded.get(), data, size), 0);
  }
}

TEST(Base64, KnownText) {
  EXPECT_STREQ(Text(base64_encode("any carnal pleas", 16)).get(),
               "YW55IGNhcm5hbCBwbGVhcw==");
}

TEST(Base64, RefusesWhatIsNone) {
  size_t size = 0;
  for (const char *text : {"A", "AB=", "AB?=", "====", "AB==AAAA", "A=AA"}) {
    EXPECT_EQ(base64_decode(text, &size), nullptr) << text;
  }
}

TEST(Failure, NamesTheAncestors) {
  EXPECT_EQ(Print(Json(failure_types("ValueError")).get()),
            R"(["ValueError","Exception"])");
  EXPECT_EQ(Print(Json(failure_types("BrokenPipeError")).get()),
            R"(["BrokenPipeError","ConnectionError","OSError","Exception"])");
}

TEST(Failure, CarriesTheMessageThatWasTooLong) {
  brood_connection *reader = nullptr, *writer = nullptr;
  ASSERT_EQ(brood_pipe_new(nullptr, 0, &reader, &writer), 0);
  brood_connection_send_bytes(writer, "kestrel", 7, 0, BROOD_ALL, 0);
  char buffer[4];
  size_t size = 0;
  ASSERT_EQ(brood_connection_recv_bytes_into(reader, buffer, sizeof buffer, 0,
                                             &size, 0),
            BROOD_BUFFER_TOO_SHORT);
  struct failure failure;
  EXPECT_EQ(failure_of_brood(&failure), -1);
  EXPECT_EQ(Print(Json(failure_types(failure.type)).get()),
            R"(["BufferTooShort","ProcessError","Exception"])");
  std::unique_ptr<void, Deleter> data(failure.data);
  ASSERT_EQ(failure.size_bytes, 7u);
  EXPECT_EQ(memcmp(failure.data, "kestrel", 7), 0);
  brood_connection_free(reader);
  EXPECT_EQ(brood_connection_send(writer, brood_none(), 0), BROOD_OS_ERROR);
  EXPECT_EQ(failure_of_brood(&failure), -1);
  EXPECT_STREQ(failure.type, "BrokenPipeError");
  EXPECT_EQ(failure.data, nullptr);
  brood_connection_free(writer);
}

TEST(Failure, KnowsTheHeirsOfOSError) {
  struct failure failure;
  failure_of_errno(&failure, ENOENT, "open");
  EXPECT_STREQ(failure.type, "FileNotFoundError");
  failure_of_errno(&failure, EMFILE, "open");
  EXPECT_STREQ(failure.type, "OSError");
  EXPECT_EQ(failure.number, EMFILE);
  failure_set(&failure, "ValueError", "no error of the system");
  EXPECT_EQ(failure.number, 0);
}

TEST_F(Handles, PlainDataIsNoHandle) {
  EXPECT_EQ(Encode(value_int64(7), "h"), "7");
  EXPECT_EQ(handles_find(&handles_, "h"), nullptr);
  EXPECT_EQ(Encode(value_bytes("\0\1", 2), nullptr), R"({"b64":"AAE="})");
}

TEST_F(Handles, ManyBytesAreABlob) {
  std::string bytes(VALUE_MAX_BYTES, 'b');
  EXPECT_EQ(Encode(value_bytes(bytes.data(), bytes.size()), "b").substr(0, 6),
            R"({"b64")");
  bytes += 'c';
  EXPECT_EQ(Encode(value_bytes(bytes.data(), bytes.size()), "b"),
            R"({"ref":"b","type":"blob"})");
  const struct value *blob = handles_find(&handles_, "b");
  ASSERT_EQ(blob->size, bytes.size());
  EXPECT_EQ(memcmp(blob->as.data, bytes.data(), bytes.size()), 0);
}

TEST_F(Handles, WhatErrorsCarriedIsReplaced) {
  struct failure failure = {};
  failure.data = strdup("one");
  handles_fail(&handles_, failure);
  failure.data = strdup("three");
  handles_fail(&handles_, failure);
  EXPECT_STREQ(static_cast<char *>(handles_.last.data), "three");
  failure_set(&failure, "ValueError", "without data");
  handles_fail(&handles_, failure);
  EXPECT_EQ(handles_.last.data, nullptr);
}

TEST_F(Handles, AnObjectKeepsItsFirstName) {
  auto *context = reinterpret_cast<const brood_context *>(&handles_);
  std::string first = R"({"ref":"c","type":"Context"})";
  EXPECT_EQ(Encode(value_context(context), "c"), first);
  EXPECT_EQ(Encode(value_context(context), "d"), first);
  EXPECT_EQ(Encode(value_context(context), nullptr), first);
  EXPECT_EQ(handles_find(&handles_, "d"), handles_find(&handles_, "c"));
  const struct value *found = handles_find(&handles_, "d");
  EXPECT_EQ(Print(Json(handles_name(&handles_, found)).get()), first);
}

TEST_F(Handles, ANameInUseChangesItsMeaning) {
  Encode(value_blob(malloc(1), 1), "b");
  Encode(value_blob(malloc(2), 2), "b");
  EXPECT_EQ(handles_find(&handles_, "b")->size, 2u);
  EXPECT_TRUE(handles_drop(&handles_, "b"));
  EXPECT_FALSE(handles_drop(&handles_, "b"));
}

TEST_F(Handles, APinOutlivesTheName) {
  Encode(value_blob(malloc(1), 1), "b");
  const struct value *blob = handles_find(&handles_, "b");
  handles_pin(&handles_, blob);
  handles_drop(&handles_, "b");
  EXPECT_EQ(blob->size, 1u);
}

TEST_F(Handles, ListsHoldHandlesAndData) {
  struct value list = value_list(VALUE_LIST, 3);
  list.as.items[0] = value_int64(1);
  list.as.items[1] = value_blob(malloc(5), 5);
  EXPECT_EQ(Encode(list, nullptr), R"([1,{"ref":"#0","type":"blob"},null])");
}

constexpr char kProcess[] = "group? target? name? args? kwargs? *daemon?";

TEST_F(Call, BindsByPlaceAndByName) {
  ASSERT_EQ(Bind("method force?", "[\"fork\"]", "{\"force\":true}"), "");
  EXPECT_STREQ(call_.args[0]->valuestring, "fork");
  EXPECT_TRUE(call_truth(&call_, 1, false));
  ASSERT_EQ(Bind("method force?", "[]", "{\"method\":null}"), "");
  const char *text = "";
  EXPECT_EQ(call_text_or_null(&call_, 0, &text), 0);
  EXPECT_EQ(text, nullptr);
  EXPECT_EQ(call_.args[1], nullptr);
}

TEST_F(Call, BindsWithoutLists) {
  call_.handles = &handles_;
  EXPECT_EQ(call_bind(&call_, "a?", nullptr, nullptr), 0);
  EXPECT_EQ(call_bind(&call_, "a", nullptr, nullptr), -1);
}

TEST_F(Call, RefusesAsPythonDoes) {
  EXPECT_EQ(Bind("method force?", "[]", "{}"), "TypeError");
  EXPECT_EQ(Bind("method force?", "[1,2,3]", "{}"), "TypeError");
  EXPECT_EQ(Bind("method force?", "[1]", "{\"method\":1}"), "TypeError");
  EXPECT_EQ(Bind("method force?", "[1]", "{\"forc\":1}"), "TypeError");
  EXPECT_EQ(Bind("", "[1]", "{}"), "TypeError");
}

TEST_F(Call, KnowsWhatIsOnlyGivenByName) {
  EXPECT_EQ(Bind(kProcess, "[null,null,null,[],{\"map\":{}},true]", "{}"),
            "TypeError");
  ASSERT_EQ(Bind(kProcess, "[]", "{\"daemon\":true}"), "");
  EXPECT_TRUE(call_truth(&call_, 5, false));
}

TEST_F(Call, AHandleOfPlainDataIsThatData) {
  handles_keep(&handles_, value_text("from the creator"), "$0");
  ASSERT_EQ(Bind("text", "[{\"ref\":\"$0\"}]", "{}"), "");
  const char *text = nullptr;
  ASSERT_EQ(call_text(&call_, 0, &text), 0);
  EXPECT_STREQ(text, "from the creator");
}

TEST_F(Call, ReadsSeconds) {
  struct {
    const char *args;
    int64_t ns;
  } cases[] = {{"[]", BROOD_FOREVER}, {"[null]", BROOD_FOREVER}, {"[0]", 0},
               {"[0.25]", 250000000}, {"[2]", 2000000000},       {"[-1]", -1},
               {"[1e300]", INT64_MAX}};
  for (const auto &c : cases) {
    int64_t ns = 1;
    ASSERT_EQ(Bind("timeout?", c.args, "{}"), "");
    EXPECT_EQ(call_timeout(&call_, 0, &ns), 0);
    EXPECT_EQ(ns, c.ns) << c.args;
  }
  int64_t ns = 1;
  ASSERT_EQ(Bind("timeout?", "[\"soon\"]", "{}"), "");
  EXPECT_EQ(call_timeout(&call_, 0, &ns), -1);
  EXPECT_STREQ(call_.failure.type, "TypeError");
}

TEST_F(Call, DoesNotWaitUnlessItBlocks) {
  struct {
    const char *args;
    int64_t ns;
  } cases[] = {{"[5]", BROOD_FOREVER},
               {"[5,true,2]", 2000000000},
               {"[5,false]", 0},
               {"[5,false,2]", 0},
               {"[5,true,null]", BROOD_FOREVER}};
  for (const auto &c : cases) {
    int64_t ns = 1;
    ASSERT_EQ(Bind("obj block? timeout?", c.args, "{}"), "");
    EXPECT_EQ(call_block(&call_, 1, &ns), 0);
    EXPECT_EQ(ns, c.ns) << c.args;
  }
  int64_t ns = 1;
  ASSERT_EQ(Bind("obj block? timeout?", "[5,true,\"soon\"]", "{}"), "");
  EXPECT_EQ(call_block(&call_, 1, &ns), -1);
}

TEST_F(Call, ReadsIntegers) {
  int64_t integer = 0;
  int small = 0;
  ASSERT_EQ(Bind("n", "[9007199254740993]", "{}"), "");
  ASSERT_EQ(call_int64(&call_, 0, &integer), 0);
  EXPECT_EQ(integer, 9007199254740993);
  EXPECT_EQ(call_int(&call_, 0, &small), -1);
  EXPECT_STREQ(call_.failure.type, "OverflowError");
  ASSERT_EQ(Bind("n", "[1.0]", "{}"), "");
  EXPECT_EQ(call_int64(&call_, 0, &integer), -1);
  EXPECT_STREQ(call_.failure.type, "TypeError");
}

TEST_F(Call, ReadsFunctionNames) {
  const char *name = nullptr;
  ASSERT_EQ(Bind("func", R"([{"fn":"square"}])", "{}"), "");
  ASSERT_EQ(call_function_name(&call_, 0, &name), 0);
  EXPECT_STREQ(name, "square");
  ASSERT_EQ(Bind("func", "[null]", "{}"), "");
  ASSERT_EQ(call_function_name(&call_, 0, &name), 0);
  EXPECT_EQ(name, nullptr);
  ASSERT_EQ(Bind("func", "[7]", "{}"), "");
  EXPECT_EQ(call_function_name(&call_, 0, &name), -1);
  EXPECT_STREQ(call_.failure.type, "TypeError");
}

TEST_F(Call, ReadsDescriptors) {
  handles_keep(&handles_, value_descriptor(dup(0)), "f");
  int expected = handles_find(&handles_, "f")->as.descriptor;
  for (const char *args : {"[{\"ref\":\"f\"}]", "[{\"fd\":\"f\"}]"}) {
    int descriptor = -1;
    ASSERT_EQ(Bind("fd", args, "{}"), "");
    EXPECT_EQ(call_descriptor(&call_, 0, &descriptor), 0);
    EXPECT_EQ(descriptor, expected);
  }
  int descriptor = -1;
  ASSERT_EQ(Bind("fd", "[{\"ref\":\"none\"}]", "{}"), "");
  EXPECT_EQ(call_descriptor(&call_, 0, &descriptor), -1);
}

TEST_F(Call, ReadsSlicesAsPythonDoes) {
  const struct {
    const char *args;
    int64_t start, step, count;
  } cases[] = {
      {"[]", 0, 1, 5},
      {"[1,3]", 1, 1, 2},
      {"[-2]", 3, 1, 2},
      {"[0,5,2]", 0, 2, 3},
      {"[3,0,-1]", 3, -1, 3},
      {"[null,null,-2]", 4, -2, 3},
      {"[100,null,-3]", 4, -3, 2},
      {"[-100,2]", 0, 1, 2},
      {"[2,100]", 2, 1, 3},
      {"[4,null,-2]", 4, -2, 3},
  };
  for (const auto &c : cases) {
    struct slice slice = {};
    ASSERT_EQ(Bind("start? stop? step?", c.args, "{}"), "");
    ASSERT_EQ(slice_read(&call_, 5, &slice), 0) << c.args;
    EXPECT_EQ(slice.start, c.start) << c.args;
    EXPECT_EQ(slice.step, c.step) << c.args;
    EXPECT_EQ(slice.count, c.count) << c.args;
  }
}

TEST_F(Call, RefusesSlicesAsPythonDoes) {
  struct slice slice = {};
  ASSERT_EQ(Bind("start? stop? step?", "[3,1]", "{}"), "");
  EXPECT_EQ(slice_read(&call_, 5, &slice), 0);
  EXPECT_EQ(slice.count, 0);
  ASSERT_EQ(Bind("start? stop? step?", "[0,5,0]", "{}"), "");
  EXPECT_EQ(slice_read(&call_, 5, &slice), -1);
  EXPECT_STREQ(call_.failure.type, "ValueError");
  ASSERT_EQ(Bind("start? stop? step?", "[\"0\"]", "{}"), "");
  EXPECT_EQ(slice_read(&call_, 5, &slice), -1);
  EXPECT_STREQ(call_.failure.type, "TypeError");
}

// What ctypes answers to each of these.
TEST_F(Call, WritesElementsInTheirOwnType) {
  const struct {
    char typecode;
    const char *number, *read;
  } cases[] = {
      {'c', "200", "200"},
      {'B', "300", "44"},
      {'b', "200", "-56"},
      {'h', "32768", "-32768"},
      {'H', "65537", "1"},
      {'u', "65", "65"},
      {'i', "true", "1"},
      {'i', "4294967301", "5"},
      {'I', "-1", "4294967295"},
      {'l', "-9223372036854775808", "-9223372036854775808"},
      {'q', "9223372036854775808", "-9223372036854775808"},
      {'L', "18446744073709551615", "18446744073709551615"},
      {'Q', "9223372036854775808", "9223372036854775808"},
      {'Q', "-1", "18446744073709551615"},
      {'Q', "18446744073709551621", "5"},
      {'q', "-18446744073709551621", "-5"},
      {'B', "100000000000000000000000000000000000000258", "2"},
      {'d', "7", "7.0"},
      {'d', "18446744073709551616", "1.8446744073709552e+19"},
      {'f', "-1.5", "-1.5"},
  };
  for (const auto &c : cases) {
    double memory = 0;
    EXPECT_EQ(element_set(&call_, c.typecode, Parse(c.number).get(), &memory),
              0);
    EXPECT_EQ(Print(Json(element_get(c.typecode, &memory)).get()), c.read)
        << c.typecode << " " << c.number;
  }
}

TEST_F(Call, RefusesElementsAsPythonDoes) {
  const std::string too_large(400, '9');
  const struct {
    char typecode;
    const char *number, *type;
  } cases[] = {
      {'i', "7.5", "TypeError"},
      {'i', "7.0", "TypeError"},
      {'i', "\"7\"", "TypeError"},
      {'d', "null", "TypeError"},
      {'d', "[1]", "TypeError"},
      {'d', too_large.c_str(), "OverflowError"},
      {'f', "1e999", "OverflowError"},
  };
  for (const auto &c : cases) {
    int64_t unchanged = 5;
    EXPECT_EQ(
        element_set(&call_, c.typecode, Parse(c.number).get(), &unchanged), -1);
    EXPECT_STREQ(call_.failure.type, c.type) << c.typecode << " " << c.number;
    EXPECT_EQ(unchanged, 5);
  }
}

TEST(Element, IsConvertedAsByC) {
  float real = -2.5;
  EXPECT_EQ(element_int64('f', &real), -2);
  signed char small = -3;
  EXPECT_EQ(element_int64('b', &small), -3);
  EXPECT_EQ(element_int64('B', &small), 253);
}

}  // namespace
