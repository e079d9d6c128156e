/* SPDX-License-Identifier: MIT
 *
 * Signals as the wire calls them: "USR1".
 */
#ifndef BROOD_ADAPTER_SIGNAL_NAME_H
#define BROOD_ADAPTER_SIGNAL_NAME_H

/* signal_number returns the number of a signal, or -1 if there is none of
 * that name. */
int signal_number(const char *name);

#endif /* BROOD_ADAPTER_SIGNAL_NAME_H */
