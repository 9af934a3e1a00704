/* SPDX-License-Identifier: MIT */
/*
 * A game that asks a model within its frame loop: 400 guards decide whether to
 * chase the player, straight from the game's own structs, and no frame spends
 * more than its budget. A prediction allocates nothing, takes no lock and
 * makes no system call, so that it can stand in a loop like this one.
 */
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include <mlpipe/mlpipe.hpp>

struct guard { /* the host's record; the model knows its fields by name */
    float distance, health, noise;
    bool sees_player;
    std::uint32_t mood; /* a token: "calm", "wary", "angry" */
    double chase;       /* no input: what the model says */
};

static const char *const moods[] = {"calm", "wary", "angry"};

/* What people did in 20,000 recorded moments, made up here. */
static mlpipe::dataset recorded(mlpipe::context &ml)
{
    std::mt19937 random(7);
    auto uniform = [&] { return double(random()) / 4294967296.0; };
    const std::int64_t n = 20000;
    std::vector<double> distance, health, noise, chase;
    std::vector<std::uint8_t> sees;
    std::vector<const char *> mood;
    for (std::int64_t i = 0; i < n; i++) {
        const unsigned m = random() % 3;
        distance.push_back(60 * uniform());
        health.push_back(100 * uniform());
        noise.push_back(uniform());
        sees.push_back(uniform() < 0.4);
        mood.push_back(moods[m]);
        const double wish = 1.5 * sees.back() + m + noise.back() +
                            0.02 * health.back() - 0.07 * distance.back();
        chase.push_back(uniform() < 1 / (1 + std::exp(-wish)));
    }
    mlpipe::builder b = ml(mlpipe_builder_new, nullptr, nullptr);
    auto column = [&](const char *name, const std::vector<double> &x) {
        ml(mlpipe_builder_column, b, name, MLPIPE_F64, x.data(), nullptr, n);
    };
    column("distance", distance);
    column("health", health);
    column("noise", noise);
    ml(mlpipe_builder_column, b, "sees_player", MLPIPE_BOOL, sees.data(),
       nullptr, n);
    ml(mlpipe_builder_texts, b, "mood", mood.data(), n);
    column("chase", chase);
    return ml(mlpipe_builder_finish, b);
}

/* At home: train, test, and give the bytes that the game is shipped with, as
 * one of its assets. */
static mlpipe::buffer train(mlpipe::context &ml)
{
    mlpipe::dataset all = recorded(ml);
    auto [rows, test] =
        ml.array<2>(mlpipe_dataset_split, all, "parts=0.8,0.2");
    mlpipe::pipeline p = ml(mlpipe_pipeline_new, "target=chase task=binary");
    ml(mlpipe_pipeline_derive, p, "closeness = 1 / (1 + distance)");
    ml(mlpipe_pipeline_add, p, "gbt", "trees=60 leaves=15");
    mlpipe::model m = ml(mlpipe_fit, p, rows, nullptr);
    mlpipe::report score = ml(mlpipe_evaluate, m, test, "metrics=auc");
    std::printf("trained: auc %.3f on rows that it never saw\n",
                mlpipe_report_get(score, "auc"));
    return ml(mlpipe_model_bytes, m);
}

/* Asks for as many guards as fit the budget, from `first` on; gives where the
 * next frame goes on. */
static std::size_t think(mlpipe_worker *w, std::vector<guard> &guards,
                         std::size_t first, std::chrono::microseconds budget,
                         std::size_t *asked)
{
    using clock = std::chrono::steady_clock;
    const auto end = clock::now() + budget;
    const std::size_t block = 50;
    double answer[block];

    for (*asked = 0; *asked < guards.size() && clock::now() < end;) {
        guard *g = &guards[first];
        const std::size_t n = std::min(block, guards.size() - first);
        if (mlpipe_worker_predict(w, 0, 0, g, answer, n))
            std::fprintf(stderr, "%s\n", mlpipe_worker_error(w));
        for (std::size_t i = 0; i < n; i++)
            g[i].chase = answer[i];
        first = (first + n) % guards.size();
        *asked += n;
    }
    return first;
}

int main()
try {
    mlpipe::context ml;
    const mlpipe::buffer asset = train(ml);

    mlpipe::model m = ml(mlpipe_model_load_bytes, mlpipe_buffer_data(asset),
                         mlpipe_buffer_size(asset));
    mlpipe::layout l = ml(mlpipe_layout_new, sizeof(guard));
    MLPIPE_CPP_FIELD(ml, l, guard, distance);
    MLPIPE_CPP_FIELD(ml, l, guard, health);
    MLPIPE_CPP_FIELD(ml, l, guard, noise);
    MLPIPE_CPP_FIELD(ml, l, guard, sees_player);
    ml(mlpipe_layout_field, l, "mood", MLPIPE_TOKEN, offsetof(guard, mood));
    std::uint32_t token[3];
    for (int i = 0; i < 3; i++)
        token[i] = ml(mlpipe_layout_token, l, moods[i],
                      std::strlen(moods[i]));
    mlpipe::slot slot = ml(mlpipe_slot_new, m, l, nullptr);
    mlpipe::worker w = ml(mlpipe_worker_new, slot, nullptr);

    std::mt19937 random(1);
    std::vector<guard> guards(400);
    std::size_t next = 0, asked = 0, total = 0, least = guards.size();
    const int frames = 600;
    for (int frame = 0; frame < frames; frame++) {
        for (guard &g : guards) /* the game moves on */
            g = {float(random() % 60), float(random() % 100),
                 float(random() % 100) / 100, random() % 2 == 0,
                 token[random() % 3], 0};
        next = think(w, guards, next, std::chrono::microseconds(500), &asked);
        total += asked;
        least = std::min(least, asked);
    }
    std::printf("%d frames of at most 500 us: %.0f guards of %zu decided in "
                "each, %zu in the worst\n",
                frames, double(total) / frames, guards.size(), least);
    return 0;
} catch (const std::exception &e) {
    std::fprintf(stderr, "%s\n", e.what());
    return 1;
}
