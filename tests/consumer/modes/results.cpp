/* SPDX-License-Identifier: MIT */
/* The half of a program that has none: the same calls of the same types. */
#include <cstdio>
#include <mlpipe/mlpipe.hpp>

#ifndef MLPIPE_NO_EXCEPTIONS
#error "compile this one with -fno-exceptions"
#endif

int throws(mlpipe::pipeline kept);

int main()
{
    mlpipe::context ml;
    auto wrong = ml(mlpipe_pipeline_new, "tarjet=y");
    auto right = ml(mlpipe_pipeline_new, "target=y");
    if (wrong || !right || wrong.error().status != MLPIPE_E_PARAM) {
        std::puts("results.cpp: no result");
        return 1;
    }
    return throws(*std::move(right)) ? 0 : 1;
}
