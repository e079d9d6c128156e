// The folders of a run and of its cases; see folder.h.
// SPDX-License-Identifier: MIT
#include "conformance/runner/folder.h"

#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

namespace conformance {

namespace fs = std::filesystem;

std::string MakeRunFolder() {
  char path[] = "/tmp/brood.XXXXXX";
  if (mkdtemp(path) == nullptr) {
    throw std::runtime_error(std::string("cannot make /tmp/brood.XXXXXX: ") +
                             strerror(errno));
  }
  return path;
}

void RemoveTree(const std::string &path) {
  std::error_code ignored;
  // A case may have taken its own rights away.
  for (fs::recursive_directory_iterator it(path, ignored), end;
       !ignored && it != end; it.increment(ignored)) {
    if (it->is_directory(ignored) && !it->is_symlink(ignored)) {
      chmod(it->path().c_str(), 0700);
    }
  }
  fs::remove_all(path, ignored);
}

std::vector<std::string> ListTree(const std::string &folder) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end;
       !error && it != end; it.increment(error)) {
    names.push_back(it->path().string().substr(folder.size() + 1));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool MakeSharedMemoryPrivate() {
  if (unshare(CLONE_NEWNS) != 0) return false;
  // Else the mount would reach the namespace that this one was made from.
  if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) {
    return false;
  }
  return mount("tmpfs", "/dev/shm", "tmpfs", MS_NOSUID | MS_NODEV,
               "mode=1777") == 0;
}

std::set<std::string> SharedMemoryNames() {
  std::set<std::string> names;
  DIR *dir = opendir("/dev/shm");
  if (dir == nullptr) return names;
  while (const dirent *entry = readdir(dir)) {
    std::string name = entry->d_name;
    if (name != "." && name != "..") names.insert(name);
  }
  closedir(dir);
  return names;
}

std::vector<std::string> NewSharedMemory(const std::set<std::string> &before) {
  std::vector<std::string> fresh;
  for (const std::string &name : SharedMemoryNames()) {
    if (before.count(name) != 0) continue;
    struct stat st;
    std::string path = "/dev/shm/" + name;
    // Where /dev/shm is shared with other users, theirs are not ours.
    if (lstat(path.c_str(), &st) != 0 || st.st_uid != geteuid()) continue;
    fresh.push_back(name);
  }
  return fresh;
}

Folder::Folder(const std::string &run_folder) {
  static int number = 0;
  folder_ = run_folder + "/" + std::to_string(++number);
  for (const std::string &path : {folder_, Tmp(), Home()}) {
    if (mkdir(path.c_str(), 0700) != 0) {
      throw std::runtime_error("cannot make " + path + ": " + strerror(errno));
    }
  }
}

Folder::~Folder() {
  RemoveTree(folder_);
}

}  // namespace conformance
