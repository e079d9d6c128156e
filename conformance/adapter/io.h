/* SPDX-License-Identifier: MIT
 *
 * Descriptors without surprises: no call ends early because a signal came,
 * and everything opened is close-on-exec.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* io_open opens a file, made with mode 0600 if flags say so. -1 and errno. */
int io_open(const char *path, int flags);

/* io_read reads once: the number of bytes, 0 at end of file, -1 and errno. */
ssize_t io_read(int descriptor, void *out_data, size_t size_bytes);

/* io_write writes once: a part may remain. -1 and errno. */
ssize_t io_write(int descriptor, const void *data, size_t size_bytes);

/* io_drain reads until end of file. -1 and errno. */
int io_drain(int descriptor);

/* io_note appends a text and a newline to a file. -1 and errno. */
int io_note(const char *path, const char *text);

/* io_gate opens a FIFO for reading and returns at end of file. -1 and errno. */
int io_gate(const char *path);
