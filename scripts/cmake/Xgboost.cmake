# Where the loader finds XGBoost, which the program opens when a model of trees is asked for (engine/models/xgboost.h) and which nothing is
# linked to: its wheel's library, if it is there. After Wheels.cmake.
#
#   EQUIPOISE_XGBOOST_FOLDER   where it lies, or ""
set(EQUIPOISE_XGBOOST_FOLDER "")
if(EXISTS "${EQUIPOISE_SITE}/xgboost/lib/libxgboost.so")
  set(EQUIPOISE_XGBOOST_FOLDER "${EQUIPOISE_SITE}/xgboost/lib")
  equipoise_search("${EQUIPOISE_XGBOOST_FOLDER}")
endif()
