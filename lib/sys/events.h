/* SPDX-License-Identifier: MIT
 *
 * Many descriptors that are waited for together, without naming each of them
 * each time.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "lib/names.h"

int sys_epoll_new(void);

/* sys_epoll_add has one waited for, until sys_epoll_remove, which must come
 * before it is closed: a copy of it elsewhere would keep it in the set. Its
 * events have `who`. */
int sys_epoll_add(int epoll, int fd, void *who);
void sys_epoll_remove(int epoll, int fd);

/* sys_epoll_soon is sys_poll_soon, but writes the events, capacity at most, and
 * a deadline ends within a millisecond. With yields_first nothing is expected
 * before others have had the processor. */
int sys_epoll_soon(int epoll, struct epoll_event *out_events, size_t capacity,
                   bool yields_first, int64_t deadline_ns);
