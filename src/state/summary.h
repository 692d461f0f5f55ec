/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - the few facts of a record that listings need, in a file of their own */
#ifndef CORACLE_STATE_SUMMARY_H
#define CORACLE_STATE_SUMMARY_H

#include "coracle/state/state.h"

#define SUMMARY_FILE      "summary.json"
#define RECORD_FILE       "config.json"
#define EXIT_FILE         "exit.json"
#define RUN_FILE          "run.json"
#define ALIVE_FILE        "alive"
#define SUMMARY_MAX_BYTES (1 << 20)
#define RECORD_MAX_BYTES  (8 << 20)

extern const struct field summary_fields[];

/* summary_fill - the members of *container that a summary holds, from a record */
void summary_fill(const struct record *record, struct container *container);
/*
 * summary_read - fill *container (id set) from its files: the summary, else the record
 *
 * Never fails: what can't be read makes the container damaged, with the reason in ->damage.
 */
void summary_read(const struct paths *paths, struct container *container, enum state_depth depth);
/* state_look - status, run and exit from the facts; live: what is known of the alive lock */
void state_look(const struct paths *paths, struct container *container, bool live);

#endif
