/* SPDX-License-Identifier: MIT
 *
 * The one class of a context: Process(group, target, name, args, kwargs, *,
 * daemon, setup).
 */
#ifndef BROOD_ADAPTER_PROCESS_NEW_H
#define BROOD_ADAPTER_PROCESS_NEW_H

#include "conformance/adapter/call.h"

int process_new(struct call *call);

#endif /* BROOD_ADAPTER_PROCESS_NEW_H */
