/* SPDX-License-Identifier: MIT */
/* Programs that would lose something or crash: CASE 0 compiles, each other
 * one is refused; refused.sh has what the compiler says of it. */
#include <cstdio>
#include <mlpipe/mlpipe.hpp>

#ifdef MLPIPE_NO_EXCEPTIONS
#error "refused.cpp: with exceptions"
#endif

void f(mlpipe::context &ml, mlpipe::dataset &d, mlpipe::model &m,
       mlpipe::report &r, mlpipe::slot &s, mlpipe::pipeline &p);
void f(mlpipe::context &ml, mlpipe::dataset &d, mlpipe::model &m,
       mlpipe::report &r, mlpipe::slot &s, mlpipe::pipeline &p)
{
    struct record {
        double x;
    };
    mlpipe::layout l;
    (void)sizeof(record);
#if CASE == 0
    double o[3];
    ml(mlpipe_predict, m, d, o, 3);
    const mlpipe::buffer page = ml(mlpipe_report_render, r, "text");
    std::printf("%s", mlpipe_buffer_data(ml(mlpipe_report_render, r, "text")));
    std::printf("%zu", mlpipe::view(page).size());
    if (!ml(mlpipe_model_recipe, m) || d == nullptr)
        return;
    auto [x, t] = ml(mlpipe_transform_fit, p, d);
    auto [sc, ar] = ml(mlpipe_dataset_to_arrow, d, nullptr);
    if (sc.release && ar.release && x && t)
        ml(mlpipe_slot_swap, s, m);
    if (mlpipe_dataset_rows(ml(mlpipe_dataset_slice, d, 0, 1)))
        (void)l;
#elif CASE == 1
    ml(mlpipe_dataset_filter, d, "x > 0");
#elif CASE == 2
    ml.array<2>(mlpipe_dataset_split, d, "parts=0.5,0.5");
#elif CASE == 3
    ml(mlpipe_transform_fit, p, d);
#elif CASE == 4
    auto v = mlpipe::view(ml(mlpipe_report_render, r, "text"));
#elif CASE == 5
    mlpipe_dataset *raw = ml(mlpipe_read_csv, "a.csv", nullptr);
#elif CASE == 6
    d = ml(mlpipe_read_csv, "a.csv");
#elif CASE == 7
    ml(mlpipe_pipeline_add, p, "gbt");
#elif CASE == 8
    mlpipe::worker w = ml(mlpipe_worker_new, s);
#elif CASE == 9
    ml(mlpipe_slot_swap, s);
#elif CASE == 10
    d = ml(mlpipe_read_csv, "a.csv", NULL);
#elif CASE == 11
    d = ml(mlpipe_read_csv, "a.csv", 0);
#elif CASE == 12
    d = ml(mlpipe_dataset_slice, d, 0.5, 2);
#elif CASE == 13
    d = ml(mlpipe_dataset_split, d, "parts=0.5,0.5");
#elif CASE == 14
    MLPIPE_CPP_TOKEN(ml, l, record, x);
#elif CASE == 20 /* clang alone sees these */
    const mlpipe_dataset *raw = ml(mlpipe_read_csv, "a.csv", nullptr);
    (void)raw;
#elif CASE == 21
    auto *raw = ml(mlpipe_read_csv, "a.csv", nullptr).get();
    (void)raw;
#endif
}
