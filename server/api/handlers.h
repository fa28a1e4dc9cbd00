/* Handlers of this folder, for the table in routes/routes.c. */
#ifndef SRV_API_HANDLERS_H
#define SRV_API_HANDLERS_H

#include "http/http.h"

srv_handler_fn srv_api_profile_patch;
srv_handler_fn srv_api_stats;
srv_handler_fn srv_api_leaderboard;
srv_handler_fn srv_api_students;
srv_handler_fn srv_api_student_post;
srv_handler_fn srv_api_students_import;
srv_handler_fn srv_api_student;
srv_handler_fn srv_api_student_patch;
srv_handler_fn srv_api_student_delete;
srv_handler_fn srv_api_student_attendance;
srv_handler_fn srv_api_student_trend;
srv_handler_fn srv_api_student_history;
srv_handler_fn srv_api_student_export;
srv_handler_fn srv_api_student_dispute;
srv_handler_fn srv_api_student_unenrol;
srv_handler_fn srv_api_classes;
srv_handler_fn srv_api_class_put;
srv_handler_fn srv_api_class_delete;
srv_handler_fn srv_api_calendar;
srv_handler_fn srv_api_closure_put;
srv_handler_fn srv_api_closure_delete;
srv_handler_fn srv_api_settings;
srv_handler_fn srv_api_settings_patch;
srv_handler_fn srv_api_roll;
srv_handler_fn srv_api_roll_correct;
srv_handler_fn srv_api_roll_close;
srv_handler_fn srv_api_roll_reopen;
srv_handler_fn srv_api_roll_no_session;
srv_handler_fn srv_api_export_attendance;
srv_handler_fn srv_api_activity;
srv_handler_fn srv_api_activity_review;
srv_handler_fn srv_api_alerts;
srv_handler_fn srv_api_health;
srv_handler_fn srv_api_metrics;
srv_handler_fn srv_api_openapi;

#endif
