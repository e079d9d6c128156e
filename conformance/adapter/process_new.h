/* SPDX-License-Identifier: MIT
 *
 * The one class of a context: Process(group, target, name, args, kwargs, *,
 * daemon, setup).
 */
#pragma once

#include "conformance/adapter/call.h"

int process_new(struct call *call);
