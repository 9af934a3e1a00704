/* SPDX-License-Identifier: MIT */
/* The C++ header as its users meet it, with exceptions and without. */
#include <cassert>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

#include <mlpipe/mlpipe.hpp>

struct point {
    double x;
    float f;
    std::int16_t i;
    std::uint8_t u;
    bool b;
    enum class mood : std::uint8_t { calm } e;
    float more[3];
    std::uint32_t token;
};

static_assert(mlpipe::field_kind<double>() == MLPIPE_F64);
static_assert(mlpipe::field_kind<const float>() == MLPIPE_F32);
static_assert(mlpipe::field_kind<std::int64_t>() == MLPIPE_I64);
static_assert(mlpipe::field_kind<std::uint64_t>() == MLPIPE_U64);
static_assert(mlpipe::field_kind<std::int16_t>() == MLPIPE_I16);
static_assert(mlpipe::field_kind<std::uint8_t>() == MLPIPE_U8);
static_assert(mlpipe::field_kind<bool>() == MLPIPE_BOOL);
static_assert(mlpipe::field_kind<point::mood>() == MLPIPE_U8);
static_assert(mlpipe::field_kind<float &>() == MLPIPE_F32);
static_assert(mlpipe::token_kind<std::uint32_t &>() == MLPIPE_TOKEN);
static_assert(!std::is_copy_constructible_v<mlpipe::dataset>);
static_assert(std::is_nothrow_move_constructible_v<mlpipe::dataset>);
static_assert(sizeof(mlpipe::dataset) == sizeof(void *));

static void check(bool ok, const char *what)
{
    if (ok)
        return;
    std::fprintf(stderr, "program.cpp: %s\n", what);
    std::exit(1);
}

/* One line of a program for both modes: what a call gives, or the end. */
#ifdef MLPIPE_NO_EXCEPTIONS
template <class T> T take(mlpipe::result<T> r)
{
    check(bool(r), r.error().text.c_str());
    return *std::move(r);
}
#else
template <class T> T take(T x) { return x; }
#endif

static mlpipe::dataset line(mlpipe::context &ml)
{
    std::vector<double> x, y;
    for (int i = 0; i < 400; i++) {
        x.push_back(i % 37);
        y.push_back(3 * x.back() + 1);
    }
    mlpipe::builder b = take(ml(mlpipe_builder_new, nullptr, nullptr));
    const auto rows = std::int64_t(x.size());
    const std::string name = "x";
    take(ml(mlpipe_builder_column, b, name, MLPIPE_F64, x.data(), nullptr,
            rows));
    take(ml(mlpipe_builder_column, b, "y", MLPIPE_F64, y.data(), nullptr,
            rows));
    return take(ml(mlpipe_builder_finish, b));
}

static void a_record_is_predicted(mlpipe::context &ml,
                                  const mlpipe::model &m)
{
    mlpipe::layout l = take(ml(mlpipe_layout_new, sizeof(point)));
    take(MLPIPE_CPP_FIELD(ml, l, point, x));
    take(MLPIPE_CPP_FIELD(ml, l, point, more[1]));
    take(MLPIPE_CPP_FIELD(ml, l, point, e));
    take(MLPIPE_CPP_TOKEN(ml, l, point, token));
    mlpipe::slot s = take(ml(mlpipe_slot_new, m, l, nullptr));
    mlpipe::worker w = take(ml(mlpipe_worker_new, s, nullptr));
    point p = {};
    p.x = 5;
    double y = 0;

    check(mlpipe_worker_predict(w, 1, 0, &p, &y, 1) == MLPIPE_OK, "predict");
    check(y > 15.9 && y < 16.1, "y is not 3 x + 1");
    /* freed before what they came from, and in another order */
    l.reset();
    s.reset();
}

static void arguments_are_taken(mlpipe::context &ml, const mlpipe::dataset &d,
                                const mlpipe::model &m)
{
    /* numbers of any type that holds them, and arrays of each kind */
    double few[3] = {}, value = 0;
    std::array<double, 3> same = {};
    std::vector<double> all(400);
    const int start = 2;
    take(ml(mlpipe_dataset_doubles, d, 0, start, few, 3));
    take(ml(mlpipe_dataset_doubles, d, 0U, 2LL, same, same.size()));
    take(ml(mlpipe_dataset_doubles, d, 0, 2, &value, 1));
    check(few[0] == 2 && few[2] == 4 && same[2] == few[2] && value == 2,
          "doubles");
    take(ml(mlpipe_predict, m, d, all, all.size()));
    check(all[1] > 3.9 && all[1] < 4.1, "predict into a vector");
    auto wide = ml.attempt(mlpipe_dataset_doubles, d, std::int64_t{1} << 32,
                           0, few, 3);
    check(!wide && wide.error().status == MLPIPE_E_ARG &&
              wide.error().text.find("argument 2 ") != std::string::npos,
          "column 4294967296 became column 0");

    /* texts that do not end in 0, and temporaries of every sort */
    const std::string_view condition("x > 3 or so", 5);
    mlpipe::dataset some = take(ml(mlpipe_dataset_filter, d, condition));
    check(mlpipe_dataset_rows(some) < 400, "a view is a text");
    check(mlpipe_dataset_rows(take(ml(mlpipe_dataset_slice, d, 1, 7))) == 7,
          "a temporary is looked at");
    const std::string page = mlpipe::text(take(ml(mlpipe_report_render,
        take(ml(mlpipe_dataset_profile, d, nullptr)), "text")));
    check(page.size() > 20, "a copied text");

    /* many objects: of an array, and one by one */
    auto parts = take(ml.array<2>(mlpipe_dataset_split, d, "parts=0.5,0.5"));
    mlpipe::dataset whole = take(ml(mlpipe_dataset_concat,
                                    mlpipe::pointers(parts), parts.size(),
                                    nullptr));
    check(mlpipe_dataset_rows(whole) == 400, "pointers of an array");
    mlpipe::report clean = take(ml(mlpipe_split_check,
        mlpipe::pointers(parts[0], parts[1]), 2, nullptr));
    check(bool(clean), "pointers of handles");
}

static void a_result_is_read(mlpipe::context &ml, const mlpipe::dataset &d)
{
    const auto kept = ml.attempt(mlpipe_dataset_slice, d, 0, 5);
    check(kept && mlpipe_dataset_rows(*kept) == 5 && kept->get(), "const");
    mlpipe::dataset other =
        ml.attempt(mlpipe_read_csv, "no such file", nullptr)
            .value_or(nullptr);
    check(!other, "another value");
}

static void an_empty_context_says_so(mlpipe::context &ml)
{
    mlpipe::context from, to = std::move(from);
    auto r = from.attempt(mlpipe_pipeline_new, "target=y");
    check(!r && r.error().status == MLPIPE_E_ARG, "moved from");
    check(r.error().text.find("MLPIPE_E_ARG: the context is empty") == 0,
          r.error().text.c_str());
    check(bool(to.attempt(mlpipe_pipeline_new, "target=y")), "moved to");
    (void)ml;
}

static void failures_are_told(mlpipe::context &ml)
{
    auto r = ml.attempt(mlpipe_read_csv, "no such file", nullptr);

    check(!r, "a file that is not there was read");
    check(r.error().status == MLPIPE_E_NOT_FOUND, "status");
    check(r.error().text.find("no such file") != std::string::npos, "text");
#ifndef MLPIPE_NO_EXCEPTIONS
    try {
        mlpipe::pipeline p = ml(mlpipe_pipeline_new, "tarjet=y");
        check(false, "nothing was thrown");
    } catch (const mlpipe::error &e) {
        check(e.status() == MLPIPE_E_PARAM, "status of a misspelt name");
        check(std::strstr(e.what(), "target") != nullptr, "did you mean");
    }
#endif
}

int main()
{
    mlpipe::model kept;
    {
        mlpipe::context ml;
        mlpipe::dataset d = line(ml);
        auto parts = take(ml.array<2>(mlpipe_dataset_split, d,
                                      "parts=0.8,0.2"));
        mlpipe::pipeline p = take(ml(mlpipe_pipeline_new, "target=y"));
        take(ml(mlpipe_pipeline_add, p, "ridge", "lambda=1e-9"));
        mlpipe::model m = take(ml(mlpipe_fit, p, parts[0], nullptr));
        mlpipe::report score =
            take(ml(mlpipe_evaluate, m, parts[1], nullptr));
        check(mlpipe_report_get(score, "r2") > 0.999, "r2");
        auto [fold, rest] =
            take(ml(mlpipe_dataset_fold, d, "folds=4", std::uint32_t{1}));
        check(mlpipe_dataset_rows(fold) + mlpipe_dataset_rows(rest) == 400,
              "fold and rest");
        mlpipe::buffer bytes = take(ml(mlpipe_model_bytes, m));
        check(mlpipe::view(bytes).size() > 1000, "bytes");
        a_record_is_predicted(ml, m);
        arguments_are_taken(ml, d, m);
        a_result_is_read(ml, d);
        an_empty_context_says_so(ml);
        failures_are_told(ml);
        kept = std::move(m);
        check(m.get() == nullptr, "moved from");
    }
    check(std::strlen(mlpipe_model_id(kept)) > 8, "outlives its context");
    std::puts("program.cpp: ok");
}
