/* SPDX-License-Identifier: MIT
 *
 * Memory that processes share: a memfd, mapped. It has no name, so nothing of
 * it outlives its descriptors and mappings.
 */
#ifndef BROOD_SYS_MEM_H
#define BROOD_SYS_MEM_H

#include <stddef.h>
#include <stdint.h>

/* sys_mem_new makes one that reaches to size and has no pages yet. Nobody can
 * make it smaller, so a mapping never loses what it has. */
int sys_mem_new(const char *name, size_t size);

/* sys_mem_room returns -ENOMEM if the machine has not so much memory left: the
 * kernel would rather kill somebody than refuse it. */
int sys_mem_room(size_t size);

/* sys_mem_reserve gives pages to a part of it, all zero; -ENOSPC or -ENOMEM if
 * there are not so many. Without it the first access would kill the process. */
int sys_mem_reserve(int fd, size_t offset, size_t size);

/* sys_mem_release takes the pages of a part, and what was in them, back. */
int sys_mem_release(int fd, size_t offset, size_t size);

/* sys_mem_map maps it for reading and writing from all who map it. */
int sys_mem_map(int fd, size_t size, void **out_memory);
void sys_mem_unmap(void *memory, size_t size);

/* sys_mem_size returns its size, or -errno; -EINVAL if it is no memfd that is
 * sealed as above. */
int64_t sys_mem_size(int fd);

#endif /* BROOD_SYS_MEM_H */
