/* SPDX-License-Identifier: MIT */
/* The half of a program that has exceptions. */
#include <cstdio>
#include <mlpipe/mlpipe.hpp>

int throws(mlpipe::pipeline kept)
{
    mlpipe::context ml;
    try {
        mlpipe::pipeline p = ml(mlpipe_pipeline_new, "tarjet=y");
    } catch (const mlpipe::error &e) {
        /* a handle of the other half is a handle of this one */
        mlpipe::buffer json = ml(mlpipe_pipeline_json, kept);
        return e.status() == MLPIPE_E_PARAM && !mlpipe::view(json).empty();
    }
    std::puts("throws.cpp: nothing was thrown");
    return 0;
}
