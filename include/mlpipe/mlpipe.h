/* SPDX-License-Identifier: MIT */
/**
 * @file mlpipe.h
 * The whole library in one include.
 *
 * libmlpipe takes tabular data from a file to a deployed, watched and
 * self-renewing model inside one process. The headers follow the order in
 * which data flows:
 *
 * - base.h: contexts, status codes, errors, the host's callbacks
 * - catalog.h: the steps that exist, their parameters and defaults
 * - report.h: named numbers with uncertainty; text, JSON, HTML
 * - data.h: datasets, builders, record layouts
 * - arrow.h: datasets from and to Arrow arrays and streams
 * - collect.h: reading and writing files
 * - dataset.h: datasets of datasets: filter, select, join, sort, sample
 * - profile.h: what is in a dataset, what looks wrong, and drift
 * - synth.h: data that are made: known laws, known defects, copulas
 * - pipeline.h: the recipe: roles and steps
 * - transform.h: the steps of a recipe alone: features
 * - model.h: fit, predict, evaluate, save, load
 * - validate.h: splits and folds
 * - store.h: versions of datasets and models, and what made what
 * - deploy.h: predictors, slots and workers: the serving path
 * - detector.h: change of a stream of losses, with or without a monitor
 * - monitor.h: drift and realised loss of what is deployed
 * - cycle.h: trigger, retrain, gate, swap, probation, rollback
 * - version.h: the version of the headers, and of the library that is loaded
 *
 * Every fallible function takes a context first, gives its results last and
 * returns a status; calls chain with `||`. On failure the outputs are NULL,
 * the inputs are as they were, and mlpipe_ctx_error() says what happened,
 * where, and what to do. The codes that a call can end in are listed with it,
 * but for MLPIPE_E_ARG, which each gives for a NULL where none is allowed.
 *
 * Ownership words used in the documentation of every pointer:
 * - borrows: the library reads it during the call only
 * - keeps: the library takes a reference of its own; free yours at will
 * - takes: the object is the library's from now on
 * - gives: the caller owns the result and frees it as told
 *
 * Thread classes, one for every function:
 * - any: callable from any thread at any time
 * - shared: the object is immutable: any number of threads at once
 * - ctx: one thread at a time for each context
 * - owner: one thread at a time for each object
 */
#ifndef MLPIPE_MLPIPE_H
#define MLPIPE_MLPIPE_H

#include <mlpipe/arrow.h>
#include <mlpipe/base.h>
#include <mlpipe/catalog.h>
#include <mlpipe/collect.h>
#include <mlpipe/cycle.h>
#include <mlpipe/data.h>
#include <mlpipe/dataset.h>
#include <mlpipe/deploy.h>
#include <mlpipe/detector.h>
#include <mlpipe/model.h>
#include <mlpipe/monitor.h>
#include <mlpipe/pipeline.h>
#include <mlpipe/profile.h>
#include <mlpipe/report.h>
#include <mlpipe/store.h>
#include <mlpipe/synth.h>
#include <mlpipe/transform.h>
#include <mlpipe/validate.h>
#include <mlpipe/version.h>

#endif
