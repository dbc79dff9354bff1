import { Module } from '@nestjs/common';
import { DictionaryCopyConsumer } from './dictionary-copy.consumer.js';
import { Dictionary } from './dictionary.js';

/** For services that keep a copy; the owner provides `Dictionary` by itself. */
@Module({ controllers: [DictionaryCopyConsumer], providers: [Dictionary], exports: [Dictionary] })
export class DictionaryCopyModule {}
