/* SPDX-License-Identifier: MIT
 *
 * What a request answers, and what a handle holds: plain data as JSON, or one
 * of the few things that only this process can hold. A value owns what it
 * holds; giving it to another place moves it.
 */
#pragma once

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>

#include "brood.h"

enum value_kind {
  VALUE_NOTHING, /* null; what zeroed memory is */
  VALUE_JSON,
  VALUE_PROCESS,
  VALUE_CONTEXT,     /* NULL is the default one: the handle `mp` */
  VALUE_OS,          /* this process itself: the handle `os` */
  VALUE_DESCRIPTOR,  /* one of this process */
  VALUE_DESCRIPTORS, /* many; as an argument of a process, as many arguments */
  VALUE_BLOB,        /* bytes that are too many for the wire */
  VALUE_LOCK,        /* from here on, shared objects: see object.h */
  VALUE_RLOCK,
  VALUE_SEMAPHORE,
  VALUE_BOUNDED,
  VALUE_CONDITION,
  VALUE_EVENT,
  VALUE_BARRIER,
  VALUE_VALUE,
  VALUE_RAW_VALUE,
  VALUE_ARRAY,
  VALUE_RAW_ARRAY,
  VALUE_CONNECTION,
  VALUE_QUEUE,
  VALUE_JOINABLE,
  VALUE_SIMPLE_QUEUE,
  VALUE_DICT, /* this and those up to the proxy are a manager's */
  VALUE_MANAGED_LIST,
  VALUE_NAMESPACE,
  VALUE_MANAGED_VALUE,
  VALUE_MANAGED_ARRAY,
  VALUE_PROXY,     /* of a type of the program's own; the last of them */
  VALUE_VARIABLE,  /* a Value without its lock: what get_obj answers */
  VALUE_VARIABLES, /* an Array without its lock */
  VALUE_READER,    /* a predicate: a Value's value */
  VALUE_STRUCTURE, /* the type struct structure */
  VALUE_POOL,      /* this and the next three have a give_back */
  VALUE_RESULT,    /* an AsyncResult */
  VALUE_ITERATOR,  /* of a pool */
  VALUE_MANAGER,
  VALUE_CALLBACK, /* this and the next live as long as the process */
  VALUE_SOURCE,   /* of items */
  VALUE_LIST      /* values, each of which becomes plain data or a handle */
};

enum { VALUE_MAX_BYTES = 65536 }; /* that are plain data */

struct value {
  enum value_kind kind;
  bool owned;    /* process, shared object: a count to give back */
  bool received; /* the same, of an object that came in a message */
  bool given;    /* an object that came as an argument */
  union {
    cJSON *json;
    brood_process *process;
    const brood_context *context;
    int descriptor;
    struct value *items; /* list, descriptors */
    void *object; /* shared object; variables, reader: whose they are; pool to
                     source: itself */
    void *data;   /* blob */
  } as;
  size_t size;                     /* blob: bytes; list, descriptors: items */
  void (*give_back)(void *object); /* of a pool, of what it answers, and of a
                                      manager, if owned */
};

struct value value_json(cJSON *json);
struct value value_int64(int64_t integer);
struct value value_bool(bool boolean);
struct value value_text(const char *text);

/* value_bytes makes plain data of a copy of bytes, {"b64": …}, or a blob if
 * there are more than VALUE_MAX_BYTES of them. value_blob takes memory. */
struct value value_bytes(const void *data, size_t size_bytes);
struct value value_blob(void *data, size_t size_bytes);

/* value_process takes one count of the handle if `owned`. */
struct value value_process(brood_process *process, bool owned);
struct value value_context(const brood_context *context);

/* value_descriptor does not take the descriptor: it is the process's, like any
 * number, and stays open until a scenario or the process's end closes it. */
struct value value_descriptor(int descriptor);

/* value_list makes a list of `size` nulls, to be filled by the caller. */
struct value value_list(enum value_kind kind, size_t size);

/* value_same says whether two values are one and the same object. */
bool value_same(const struct value *a, const struct value *b);

/* value_type returns the type of a handle as the wire calls it. */
const char *value_type(const struct value *value);

/* value_clear gives back what the value holds and makes it null. */
void value_clear(struct value *value);
