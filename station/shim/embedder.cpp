/*
 * dlib's face recognition network (ResNet with 29 convolutions, dlib_face_recognition_resnet_model_v1). In a file and
 * a library of its own: its templates take a minute and a gigabyte to compile.
 */
#include "shim/guard.hpp"

#include "shim/face_shim.h"
#include "shim/model_file.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <dlib/dnn.h>
#include <memory>

using namespace stn_shim;

/* The network's definition is part of the model: as in dlib's dnn_face_recognition_ex.cpp (public domain). */
template <template <int, template <typename> class, int, typename> class block, int N,
          template <typename> class BN, typename SUBNET>
using residual = dlib::add_prev1<block<N, BN, 1, dlib::tag1<SUBNET>>>;

template <template <int, template <typename> class, int, typename> class block, int N,
          template <typename> class BN, typename SUBNET>
using residual_down =
    dlib::add_prev2<dlib::avg_pool<2, 2, 2, 2, dlib::skip1<dlib::tag2<block<N, BN, 2, dlib::tag1<SUBNET>>>>>>;

template <int N, template <typename> class BN, int stride, typename SUBNET>
using block = BN<dlib::con<N, 3, 3, 1, 1, dlib::relu<BN<dlib::con<N, 3, 3, stride, stride, SUBNET>>>>>;

template <int N, typename SUBNET>
using ares = dlib::relu<residual<block, N, dlib::affine, SUBNET>>;
template <int N, typename SUBNET>
using ares_down = dlib::relu<residual_down<block, N, dlib::affine, SUBNET>>;

template <typename SUBNET>
using alevel0 = ares_down<256, SUBNET>;
template <typename SUBNET>
using alevel1 = ares<256, ares<256, ares_down<256, SUBNET>>>;
template <typename SUBNET>
using alevel2 = ares<128, ares<128, ares_down<128, SUBNET>>>;
template <typename SUBNET>
using alevel3 = ares<64, ares<64, ares<64, ares_down<64, SUBNET>>>>;
template <typename SUBNET>
using alevel4 = ares<32, ares<32, ares<32, SUBNET>>>;

using Network = dlib::loss_metric<dlib::fc_no_bias<
    STN_EMBEDDING_DIM, dlib::avg_pool_everything<alevel0<alevel1<alevel2<alevel3<alevel4<dlib::max_pool<
                           3, 3, 2, 2,
                           dlib::relu<dlib::affine<dlib::con<
                               32, 7, 7, 2, 2, dlib::input_rgb_image_sized<STN_CHIP_SIDE>>>>>>>>>>>>>;

struct stn_embedder {
    Network network;
    dlib::matrix<dlib::rgb_pixel> chip{STN_CHIP_SIDE, STN_CHIP_SIDE};
};

cm_code stn_embedder_open(const char *path, struct stn_embedder **ret_embedder, struct cm_err *err)
{
    return guarded(err, [&] {
        auto embedder = std::make_unique<stn_embedder>();
        load_model(path, "dlib's face recognition network",
                   [&] { dlib::deserialize(path) >> embedder->network; });
        *ret_embedder = embedder.release();
    });
}

void stn_embedder_close(struct stn_embedder *embedder)
{
    delete embedder;
}

cm_code stn_embedder_run(struct stn_embedder *embedder, const struct stn_chip *chip,
                         float ret_embedding[STN_EMBEDDING_DIM], struct cm_err *err)
{
    return guarded(err, [&] {
        static_assert(sizeof(dlib::rgb_pixel) == 3, "rows of RGB without padding");
        std::memcpy(&embedder->chip(0, 0), chip->rgb, sizeof chip->rgb);
        const dlib::matrix<float, 0, 1> embedding = embedder->network(embedder->chip);
        if (embedding.size() != STN_EMBEDDING_DIM ||
            !std::all_of(embedding.begin(), embedding.end(),
                         [](float value) { return std::isfinite(value); }))
            throw Failure(CM_BACKEND, "the face recognition network gave no numbers");
        std::copy(embedding.begin(), embedding.end(), ret_embedding);
    });
}
