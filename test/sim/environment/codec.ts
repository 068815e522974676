/**
 * The codec of every simulated process: real bytes, a registry in memory. It knows all schemas before a simulation
 * begins, so that it answers at once and keeps nothing from one seed to the next.
 */
import { memoryRegistry } from "../../../topology/testing/memory-stage.ts";
import { type Codec, createCodec, type Decoder, type Encoder } from "../../../engine/avro/codec.ts";
import { couponTopics } from "../../../schemas/coupon.ts";
import { paymentTopics } from "../../../schemas/payment.ts";
import type { Topic } from "../../../engine/avro/topic.ts";

/** Makes the codec. */
export const preparedCodec = async (): Promise<Codec> => {
  const registry = memoryRegistry();
  const codec = createCodec({ source: registry, now: () => 0 });
  const decoders = new Map<string, Decoder<unknown>>();
  const encoders = new Map<string, Encoder<unknown>>();
  for (const topic of [...couponTopics, ...paymentTopics]) {
    const decoder = codec.decoder<never>(topic as never);
    for (const id of registry.schemas.keys()) await decoder.learn(id);
    decoders.set(topic.name, decoder);
    encoders.set(topic.name, (await codec.encoder(topic as never)) as Encoder<unknown>);
  }
  const known = <V>(among: ReadonlyMap<string, V>, topic: string): V => {
    const found = among.get(topic);
    if (found === undefined) throw new Error(`the simulator has no topic ${topic}`);
    return found;
  };
  return {
    // Both were made of the topic of this name, whose values they are of.
    encoder: async <T>(topic: Topic<T>) => known(encoders, topic.name) as Encoder<T>,
    decoder: <T>(topic: Topic<T>) => known(decoders, topic.name) as Decoder<T>,
  };
};
