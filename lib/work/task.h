/* SPDX-License-Identifier: MIT
 *
 * A function of the program's is called for somebody else: brood_return and
 * brood_raise say what comes of it.
 */
#pragma once

#include "brood.h"
#include "lib/names.h"

/* task_call calls a task with arguments, or with one that is no tuple: 0 and
 * its value, or its error and as the value its text, both for
 * brood_value_clear. NULL is a task that is not registered. */
int task_call(brood_task function, const brood_value *item,
              brood_value *out_value);

/* task_run does so for any function. */
int task_run(int (*function)(void *context, const brood_args *args),
             void *context, const brood_value *item, brood_value *out_value);

/* task_initialize calls an initializer, with arguments or none; sets and
 * returns an error, with its text, if that fails. */
int task_initialize(brood_task function, const brood_value *initargs);
