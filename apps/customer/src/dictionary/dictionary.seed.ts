import type { DictionaryType } from '#contracts';
import { REGIONS, type SeedEntry } from './region.seed.js';

interface SeedType {
  /** Administrators may change, retire and remove entries. Those that carry meaning for the rules stay as they are. */
  readonly editable: boolean;
  /** In the order on the screen. */
  readonly entries: readonly SeedEntry[];
}

/** What a first start puts into the dictionary (DIC-1). */
export const DICTIONARY_SEED: Readonly<Record<DictionaryType, SeedType>> = {
  opportunity_source: {
    editable: true,
    entries: [
      ['website', '官网', 'Website'],
      ['referral', '客户介绍', 'Referral'],
      ['exhibition', '展会', 'Exhibition'],
      ['phone_inquiry', '电话咨询', 'Phone inquiry'],
      ['advertisement', '广告', 'Advertisement'],
      ['partner', '合作伙伴', 'Partner'],
      ['cold_call', '主动开发', 'Cold call'],
      ['social_media', '社交媒体', 'Social media'],
      ['other', '其他', 'Other'],
    ],
  },
  opportunity_stage: {
    editable: false,
    entries: [
      ['prospecting', '初步接触', 'Prospecting'],
      ['qualification', '需求确认', 'Qualification'],
      ['proposal', '方案报价', 'Proposal'],
      ['negotiation', '商务谈判', 'Negotiation'],
    ],
  },
  region: { editable: true, entries: REGIONS },
  customer_level: {
    editable: true,
    entries: [
      ['strategic_partner', '战略合作伙伴', 'Strategic partner'],
      ['partner', '合作伙伴', 'Partner'],
      ['key', '大客户', 'Key customer'],
      ['focus', '重点开发客户', 'Focus customer'],
      ['standard', '普通客户', 'Standard customer'],
    ],
  },
  satisfaction: {
    editable: false,
    entries: [
      ['1', '很不满意', 'Very dissatisfied'],
      ['2', '不满意', 'Dissatisfied'],
      ['3', '一般', 'Neutral'],
      ['4', '满意', 'Satisfied'],
      ['5', '非常满意', 'Very satisfied'],
    ],
  },
  credit: {
    editable: false,
    entries: [
      ['1', '很差', 'Very low'],
      ['2', '较差', 'Low'],
      ['3', '一般', 'Medium'],
      ['4', '良好', 'High'],
      ['5', '优秀', 'Very high'],
    ],
  },
  industry: {
    editable: true,
    entries: [
      ['manufacturing', '制造业', 'Manufacturing'],
      ['trade', '批发贸易', 'Wholesale and trade'],
      ['retail', '零售', 'Retail'],
      ['food', '食品饮料', 'Food and beverages'],
      ['agriculture', '农林牧渔', 'Agriculture'],
      ['software', '信息技术', 'Software and IT'],
      ['telecom', '通信', 'Telecommunications'],
      ['finance', '金融', 'Finance'],
      ['construction', '建筑', 'Construction'],
      ['real_estate', '房地产', 'Real estate'],
      ['logistics', '交通物流', 'Transport and logistics'],
      ['energy', '能源', 'Energy'],
      ['health', '医疗健康', 'Health care'],
      ['education', '教育', 'Education'],
      ['hospitality', '餐饮住宿', 'Hospitality'],
      ['media', '文化传媒', 'Media and culture'],
      ['services', '商务服务', 'Business services'],
      ['government', '政府机构', 'Government'],
      ['other', '其他', 'Other'],
    ],
  },
  company_nature: {
    editable: true,
    entries: [
      ['state_owned', '国有企业', 'State-owned'],
      ['private', '民营企业', 'Private'],
      ['foreign', '外资企业', 'Foreign-owned'],
      ['joint_venture', '合资企业', 'Joint venture'],
      ['collective', '集体企业', 'Collective'],
      ['public_institution', '事业单位', 'Public institution'],
      ['other', '其他', 'Other'],
    ],
  },
  company_type: {
    editable: true,
    entries: [
      ['limited', '有限责任公司', 'Limited liability company'],
      ['joint_stock', '股份有限公司', 'Joint-stock company'],
      ['partnership', '合伙企业', 'Partnership'],
      ['sole_proprietorship', '个人独资企业', 'Sole proprietorship'],
      ['individual_business', '个体工商户', 'Individual business'],
      ['other', '其他', 'Other'],
    ],
  },
  gender: {
    editable: false,
    entries: [
      ['female', '女', 'Female'],
      ['male', '男', 'Male'],
      ['other', '其他', 'Other'],
    ],
  },
  activity_kind: {
    editable: true,
    entries: [
      ['visit', '拜访', 'Visit'],
      ['call', '电话', 'Call'],
      ['email', '电子邮件', 'E-mail'],
      ['meeting', '会议', 'Meeting'],
      ['message', '即时消息', 'Instant message'],
      ['dinner', '宴请', 'Business meal'],
      ['exhibition', '展会', 'Exhibition'],
      ['other', '其他', 'Other'],
    ],
  },
  ticket_type: {
    editable: true,
    entries: [
      ['consultation', '咨询', 'Consultation'],
      ['complaint', '投诉', 'Complaint'],
      ['suggestion', '建议', 'Suggestion'],
      ['repair', '报修', 'Repair request'],
      ['return', '退换货', 'Return or exchange'],
      ['other', '其他', 'Other'],
    ],
  },
  ticket_priority: {
    editable: false,
    entries: [
      ['low', '低', 'Low'],
      ['normal', '普通', 'Normal'],
      ['high', '高', 'High'],
      ['urgent', '紧急', 'Urgent'],
    ],
  },
};
