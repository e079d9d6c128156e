// Where a case lives on disk: one short folder for the run (a Unix socket's
// path holds 107 bytes) and in it one for each case, with the socket, the
// scenario's $tmp, the adapter's TMPDIR and its captured output.
// SPDX-License-Identifier: MIT
#pragma once

#include <set>
#include <string>
#include <vector>

namespace conformance {

// Makes /tmp/brood.XXXXXX; throws std::runtime_error.
std::string MakeRunFolder();

// Removes a folder and all below it, as far as that can be done.
void RemoveTree(const std::string &path);

// Everything below the folder, as sorted relative paths.
std::vector<std::string> ListTree(const std::string &folder);

// Gives this process and its descendants a /dev/shm of their own, as far as
// they are allowed to: where it is shared, what other programs do at the same
// time may look like a leak. False if they are not.
bool MakeSharedMemoryPrivate();

// The names in /dev/shm at the moment.
std::set<std::string> SharedMemoryNames();
// Names that were not in `before`, sorted, and belong to this user.
std::vector<std::string> NewSharedMemory(const std::set<std::string> &before);

// A case's folder; removed with the object.
class Folder {
 public:
  explicit Folder(const std::string &run_folder);
  ~Folder();
  Folder(const Folder &) = delete;
  Folder &operator=(const Folder &) = delete;

  std::string Socket() const {
    return folder_ + "/s";
  }
  std::string Tmp() const {  // $tmp, and the adapter's working directory
    return folder_ + "/w";
  }
  std::string Home() const {  // TMPDIR and HOME
    return folder_ + "/t";
  }
  std::string Output(const std::string &stream) const {
    return folder_ + "/" + stream;
  }

 private:
  std::string folder_;
};

}  // namespace conformance
