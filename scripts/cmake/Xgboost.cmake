# Where the loader finds XGBoost, which the program opens when a model of trees is asked for (engine/models/xgboost.h) and which nothing is
# linked to: its wheel's library, if it is there; where CUDA is wanted the one that scripts/setup.sh --gpu-trees adds comes first. After Wheels.cmake.
#
#   EQUIPOISE_XGBOOST_FOLDER   where it lies, or ""
set(EQUIPOISE_XGBOOST_FOLDER "")
set(xgboost_places "${EQUIPOISE_SITE}/xgboost/lib")
if(EQUIPOISE_CUDA)
  list(PREPEND xgboost_places "${CMAKE_SOURCE_DIR}/.deps/gpu_trees/xgboost/lib")
endif()
foreach(place ${xgboost_places})
  if(EXISTS "${place}/libxgboost.so" AND NOT EQUIPOISE_XGBOOST_FOLDER)
    set(EQUIPOISE_XGBOOST_FOLDER "${place}")
    equipoise_search("${place}")
  endif()
endforeach()
