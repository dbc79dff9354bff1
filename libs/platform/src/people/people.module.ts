import { Module } from '@nestjs/common';
import { PeopleConsumer } from './people.consumer.js';
import { People } from './people.js';

@Module({ controllers: [PeopleConsumer], providers: [People], exports: [People] })
export class PeopleModule {}
