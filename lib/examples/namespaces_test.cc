// SPDX-License-Identifier: MIT
//
// Proves that the example of a manager with an address works between hosts,
// which network namespaces of their own are as far as connections go.
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

namespace {

std::string script, example;

// What a command says, and its exit code.
std::string RunShell(const std::string &command, int *out_code) {
  FILE *pipe = popen((command + " 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 256> part;
  while (fgets(part.data(), part.size(), pipe) != nullptr) text += part.data();
  *out_code = pclose(pipe);
  return text;
}

TEST(Namespaces, RemoteManager) {
  int code;
  std::string why =
      RunShell("unshare --user --map-root-user --net ip link", &code);
  if (code != 0) GTEST_SKIP() << "no network namespaces are to be had: " << why;
  std::string said = RunShell(
      "unshare --user --map-root-user --net " + script + " " + example, &code);
  EXPECT_EQ(code, 0);
  EXPECT_EQ(said, "8 squares, their sum is 204\n");
}

}  // namespace

int main(int argc, char **argv) {
  testing::InitGoogleTest(&argc, argv);
  if (argc != 3) return 2;
  script = argv[1];
  example = argv[2];
  return RUN_ALL_TESTS();
}
