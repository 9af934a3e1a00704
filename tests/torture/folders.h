/* SPDX-License-Identifier: MIT */
/* Each folder whose scenarios meson found; included by torture.c alone. */
#ifdef TORTURE_BASE
FOLDER(base)
#endif
#ifdef TORTURE_REPORT
FOLDER(report)
#endif
#ifdef TORTURE_DATA
FOLDER(data)
#endif
#ifdef TORTURE_ARROW
FOLDER(arrow)
#endif
#ifdef TORTURE_COMBINE
FOLDER(combine)
#endif
#ifdef TORTURE_COLLECT
FOLDER(collect)
#endif
#ifdef TORTURE_INPUT
FOLDER(input)
#endif
#ifdef TORTURE_JSON
FOLDER(json)
#endif
#ifdef TORTURE_MODEL
FOLDER(model)
#endif
#ifdef TORTURE_VALIDATE
FOLDER(validate)
#endif
#ifdef TORTURE_STORE
FOLDER(store)
#endif
#ifdef TORTURE_VERSIONS
FOLDER(versions)
#endif
#ifdef TORTURE_DETECTOR
FOLDER(detector)
#endif
#ifdef TORTURE_MONITOR
FOLDER(monitor)
#endif
#ifdef TORTURE_DEPLOY
FOLDER(deploy)
#endif
#ifdef TORTURE_PROFILE
FOLDER(profile)
#endif
#ifdef TORTURE_CYCLE
FOLDER(cycle)
#endif
#ifdef TORTURE_OFFSET
FOLDER(offset)
#endif
#ifdef TORTURE_SYNTH
FOLDER(synth)
#endif
#ifdef TORTURE_CANARY
FOLDER(canary)
#endif
#ifdef TORTURE_TABLES
FOLDER(tables)
#endif
#ifdef TORTURE_REPLAY
FOLDER(replay)
#endif
