// An op of this library by way of PyTorch's dispatcher: a compiler that traces sees one op, not what it is made of.
#pragma once

#include <ATen/core/dispatch/Dispatcher.h>

namespace equipoise::kernels {

// `Signature` is that of the function behind the op, such as decltype(push).
template <typename Signature>
c10::TypedOperatorHandle<Signature> dispatched(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

}  // namespace equipoise::kernels
