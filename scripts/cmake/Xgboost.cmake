# Where the loader finds XGBoost, which the program opens when a model of trees is asked for (engine/models/xgboost.h) and which nothing is
# linked to: its wheel's library, if it is there. After Arrow.cmake.
set(EQUIPOISE_XGBOOST_FOLDER "")
set(xgboost_lib "${EQUIPOISE_SITE}/xgboost/lib")
if(EXISTS "${xgboost_lib}/libxgboost.so")
  set(EQUIPOISE_XGBOOST_FOLDER "${xgboost_lib}")
  list(APPEND EQUIPOISE_RPATH "${xgboost_lib}")
  set(CMAKE_BUILD_RPATH "${EQUIPOISE_RPATH}")
  set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib;${EQUIPOISE_RPATH}")
endif()
